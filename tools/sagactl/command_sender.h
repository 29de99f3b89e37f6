// Sends a command over Kafka and waits for its one answer.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "ordersaga/common/v1/reply.pb.h"
#include "ordersaga/log/v1/record.pb.h"
#include "tools/sagactl/context.h"

namespace ordersaga::sagactl {

struct CommandToSend {
  std::string key;  // order id or SKU
  std::string id;   // ce_id; new_id() when empty
  std::string idempotency_key;
  const google::protobuf::Message* message;
};

// A new id: a UUIDv7 of `now`.
std::string new_id(Timestamp now);

// Produces the command and returns when Kafka has it. Throws Failure: unreachable, or timed_out, when the command may
// still have been written.
void send(Context& context, const CommandToSend& command);

// The same, and waits for the answer. Throws Failure{timed_out} when none comes: what became of the command is not known,
// and `look` is the command that tells.
common::v1::CommandReply send_and_wait(Context& context, CommandToSend command, log::v1::ReplyWhen when, const std::string& look);

// Prints the reply and gives the exit code that its outcome stands for.
ExitCode print_reply(Context& context, const common::v1::CommandReply& reply, const std::string& next);

}  // namespace ordersaga::sagactl
