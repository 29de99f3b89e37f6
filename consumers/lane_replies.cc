// Answers to commands that were decided before, and what becomes of records that no turn decides.
#include <map>

#include "consumers/dead_letter.h"
#include "consumers/lane.h"
#include "consumers/lane_attempt.h"
#include "events/codec.h"
#include "events/reply_message.h"
#include "runtime/log.h"
#include "schemas/headers.h"
#include "schemas/packed_id.h"
#include "schemas/streams.h"

namespace ordersaga::consumers {

namespace log = runtime::log;
using runtime::kafka::ConsumedMessage;
using runtime::kafka::OutgoingMessage;

void Lane::replay_answers(Attempt& a) {
  if (a.replays.empty()) return;
  std::vector<std::pair<Shard, Position>> places;
  for (const Attempt::Replay& r : a.replays) places.emplace_back(r.decided.id.shard, r.decided.position);
  std::map<std::pair<Shard, Position>, events::RecordedEvent> records;
  for (events::RecordedEvent& e : a.transaction->read_records(places)) records.emplace(std::pair(e.shard, e.position), std::move(e));
  for (const Attempt::Replay& r : a.replays) {
    const ordersaga::log::v1::InputRecord& asked = *r.entry.command->input.record;
    auto record = records.find({r.decided.id.shard, r.decided.position});
    if (record == records.end()) throw sagas::BrokenInvariant("the inbox names an input record that is not there");
    if (asked.reply().topic().empty()) continue;
    bool completed = asked.reply().when() == ordersaga::log::v1::REPLY_WHEN_COMPLETED;
    std::optional<common::v1::CommandReply> reply = stored_answer(record->second, completed);
    if (!reply) continue;  // its saga is still under way and will answer
    reply->set_replayed(true);
    ++counters_.replays;
    a.first[r.entry.batch_index].push_back(events::reply_message(*reply, asked.reply().topic(), r.entry.command->input.key,
                                                                 asked.command_id() + "/replay",
                                                                 asked.reply().content_type() == headers::kJson));
  }
}

std::optional<common::v1::CommandReply> Lane::stored_answer(const events::RecordedEvent& record, bool when_completed) {
  google::protobuf::Arena arena;
  const auto* input = dynamic_cast<const ordersaga::log::v1::InputRecord*>(events::decode(record, &arena));
  if (input == nullptr) throw sagas::BrokenInvariant("the inbox names a record that is no input record");
  if (when_completed && input->outcome() == common::v1::OUTCOME_ACCEPTED) {
    auto& cases = known_.working_set().cases;
    auto found = cases.find(std::string(stream_key(input->stream())));
    if (found != cases.end()) {
      const sagas::SagaState& saga = sagas::saga_of(found->second, *sagas::find_definition("place_order")).state;
      saga::v1::SagaOrigin origin;
      saga.origin.unpack(origin);
      if (id_text(origin.command()) == input->command_id()) {
        if (!saga.replied) return std::nullopt;
        common::v1::CommandReply reply;
        saga.reply.unpack(reply);
        reply.set_command_id(input->command_id());
        reply.set_aggregate_id(found->first);
        return reply;
      }
    }
  }
  common::v1::CommandReply reply;
  reply.set_command_id(input->command_id());
  reply.set_outcome(input->outcome());
  reply.set_aggregate_id(std::string(stream_key(input->stream())));
  reply.set_version(input->version());
  reply.set_shard(record.shard.value);
  reply.set_position(record.position.value);
  if (input->has_error()) *reply.mutable_error() = input->error();
  return reply;
}

// What is not recorded goes to the dead letters, and its sender is told where it named an allowed topic.
std::vector<OutgoingMessage> Lane::turn_away(const ConsumedMessage& message, const UnreadableCommand& why) {
  ++counters_.dead_letters;
  if (hooks_.metrics != nullptr) hooks_.metrics->dead_letter(message.topic, why.code);
  log::warn("a record is not decided; it goes to the dead letters", {{"topic", message.topic},
                                                                     {"partition", message.partition},
                                                                     {"offset", message.offset},
                                                                     {"code", why.code},
                                                                     {"reason", why.message}});
  std::vector<OutgoingMessage> first{dead_letter(message, why.code, why.message, clock_.now())};
  if (why.reply_topic.empty()) return first;
  common::v1::CommandReply reply;
  reply.set_command_id(why.command_id);
  reply.set_outcome(common::v1::OUTCOME_REJECTED);
  reply.mutable_error()->set_code(why.code);
  reply.mutable_error()->set_message(why.message);
  first.push_back(
      events::reply_message(reply, why.reply_topic, message.key.value_or(""), "dead-letter-" + why.command_id, why.reply_in_json));
  return first;
}

void Lane::forward(const ConsumedMessage& message, Shard right) {
  ++counters_.forwarded;
  finish(message, {forwarded(message, right)});
}

void Lane::finish(const ConsumedMessage& message, std::vector<OutgoingMessage> first) {
  if (is_operators(message)) {
    --operators_waiting_;
    return;  // its row went with the turn
  }
  backlog_bytes_ -= bytes_of(message);
  hooks_.handled({message.topic, message.partition, message.offset, std::move(first)});
}

}  // namespace ordersaga::consumers
