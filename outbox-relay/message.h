// From a record of the log to the messages that it is published as. Pure.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include "events/recorded_event.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "runtime/kafka/bus.h"
#include "schemas/lineage.h"

namespace ordersaga::relay {

enum class Kind : std::uint8_t {
  event,    // to the events topic; every record has exactly one
  request,  // a neighbour's command, to the command topic
  reply,    // to who sent the command. Its topic is the sender's own: when it is missing, the reply is dropped
};

struct Message {
  Kind kind;
  // After that age nobody could read it any more, so it need not be sent again.
  std::chrono::hours keep;
  runtime::kafka::OutgoingMessage out;
};

// The event comes first. An input record is published without the command's bytes, and gives a reply when its sender named
// a topic and is to be answered now: its command was refused or expired, or the answer was wanted at its acceptance.
// Replies to topics that no sender may name are left out. Throws events::BadData for a record that this program cannot read.
std::vector<Message> messages_of(const events::RecordedEvent& record, Epoch epoch, int shards);

// What a message of the events topic says of its place; nullopt when it is no record of ours.
struct Place {
  Shard shard;
  Position position;
  Epoch epoch;
};
std::optional<Place> place_of(const runtime::kafka::ConsumedMessage& message);

// Makes the same messages one record after another, in memory that it uses again.
class Composer {
 public:
  struct Composed {
    Kind kind;
    std::chrono::hours keep;
    runtime::kafka::MessageView out;
  };

  explicit Composer(int shards) : shards_(shards) {}
  // As messages_of(). What it gives lives until the next call, as long as the record does.
  const std::vector<Composed>& compose(const events::RecordedEvent& record, Epoch epoch);

 private:
  using Number = std::array<char, 24>;

  void event(const events::RecordedEvent& record, const google::protobuf::Descriptor* type, Epoch epoch);
  void input(const events::RecordedEvent& record);
  void saga(const events::RecordedEvent& record);
  void request(const events::RecordedEvent& record, Epoch epoch);
  void reply(common::v1::CommandReply& reply, const log::v1::ReplyAddress& to, const events::RecordedEvent& record);
  void add_other(Kind kind, std::chrono::hours keep);
  std::string_view time_text(Timestamp time);

  const int shards_;
  log::v1::RecordMetadata metadata_;
  Lineage lineage_;
  log::v1::InputRecord input_;
  saga::v1::SagaAdvanced saga_;
  std::vector<Composed> composed_;
  // What the event's headers refer to.
  std::string_view key_;
  std::string id_;
  std::string schema_;
  std::string value_;
  Number version_;
  Number shard_;
  Number position_;
  Number epoch_;
  Timestamp time_{};
  std::string time_text_;  // of time_
  std::vector<runtime::kafka::HeaderView> headers_;
  // The message beside the event; a record has one at most.
  runtime::kafka::OutgoingMessage other_;
  std::vector<runtime::kafka::HeaderView> other_headers_;
};

// Whether the message is what this record is published as, in whatever epoch.
bool is_same(const runtime::kafka::ConsumedMessage& message, const events::RecordedEvent& record);

}  // namespace ordersaga::relay
