// The shell of a turn. Its steps, in order, are those of run_turn().
#include <algorithm>
#include <map>

#include "consumers/lane.h"
#include "consumers/lane_attempt.h"
#include "events/codec.h"
#include "events/errors.h"
#include "events/reply_message.h"
#include "runtime/log.h"
#include "schemas/error_codes.h"
#include "schemas/headers.h"
#include "schemas/streams.h"

namespace ordersaga::consumers {
namespace {

namespace log = runtime::log;
using runtime::kafka::ConsumedMessage;

// Stock was taken by somebody else between the look and the write: run again, with the rows locked before the look.
struct RunAgainWithLocks {};

// How often a turn may lose against others before the store counts as not available.
constexpr int kMaxRuns = 4;

std::string source_of(const ConsumedMessage& m) {
  return m.topic + "/" + std::to_string(m.partition) + "/" + std::to_string(m.offset);
}

// The id under which a command is remembered that came under another's id with other bytes.
std::string mismatch_id(const ReadableCommand& c) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id = c.inbox_id + "#";
  for (std::size_t i = 0; i < 8; ++i) {
    auto byte = static_cast<unsigned char>(c.hash[i]);
    id += kHex[byte >> 4];
    id += kHex[byte & 15];
  }
  return id;
}

}  // namespace

void Lane::run_turn() {
  for (int run = 1;; ++run) {
    Attempt a;
    try {
      read_inputs(a);  // 1. what is there, up to the limit; what is no command goes its way
      if (!a.entries.empty()) {
        lock_shards(a);  // 2. begin; lock; heads and clock; which commands are known already
        sort_out_known_commands(a);
        decide(a);            // 3. load what is missing, and 4. the pure turn
        write_and_commit(a);  // 5. write, commit; then everything that follows from it
      }
      after_commit(a);
      lock_rows_ = events::LockRows::no;
      limit_ = std::min(settings_.max_inputs, limit_ * 2);
      return;
    } catch (const RunAgainWithLocks&) {
      known_.forget(a.loaded);
      lock_rows_ = events::LockRows::yes;
      ++counters_.stock_reruns;
      if (run == kMaxRuns) throw events::StoreUnavailable("stock changed under the turn again and again");
    } catch (...) {
      known_.forget(a.loaded);
      throw;
    }
  }
}

void Lane::read_inputs(Attempt& a) {
  std::vector<Pending> kept;
  kept.reserve(batch_.size());
  for (Pending& pending : batch_) {
    std::optional<ReadableCommand> command;
    if (auto* message = std::get_if<ConsumedMessage>(&pending)) {
      Reading reading = read_command(*message, settings_.shards, &a.arena);
      if (auto* unreadable = std::get_if<UnreadableCommand>(&reading)) {
        answer_unreadable(*message, *unreadable);
        continue;
      }
      if (auto* misplaced = std::get_if<MisplacedCommand>(&reading)) {
        forward(*message, misplaced->right);
        continue;
      }
      command = std::move(std::get<ReadableCommand>(reading));
    }
    a.entries.push_back({kept.size(), std::move(command)});
    kept.push_back(std::move(pending));
  }
  batch_ = std::move(kept);
  a.first.resize(batch_.size());
}

void Lane::lock_shards(Attempt& a) {
  std::set<Shard> shards;
  for (const Attempt::Entry& e : a.entries) {
    const Pending& pending = batch_[e.batch_index];
    std::string_view key;
    if (e.command)
      key = e.command->input.key;
    else if (const auto* result = std::get_if<saga::v1::EffectResult>(&pending))
      key = stream_key(result->saga());
    else if (const auto* wake = std::get_if<Wake>(&pending))
      key = stream_key(wake->saga);
    else
      key = stream_key(std::get<Resume>(pending).saga);
    if (key.empty()) throw sagas::BrokenInvariant("an input belongs to no key");
    shards.insert(shard_of(key, settings_.shards));
  }
  std::vector<Shard> ascending(shards.begin(), shards.end());
  a.transaction = store_.begin(ascending);
  a.now = a.transaction->clock();
  if (std::chrono::abs(a.now - clock_.now()) > settings_.max_clock_skew && !counters_.clocks_apart) {
    counters_.clocks_apart = true;
    log::error("the store's clock and ours differ too much; timers stand still");
  }
  for (const events::ShardHead& head : a.transaction->heads()) a.now = std::max(a.now, head.recorded_at);
  known_.check(*a.transaction);
}

// Commands that were decided before are not decided again: a redelivery gets no second answer, a client's retry gets the
// stored one, and other bytes under a known id are refused.
void Lane::sort_out_known_commands(Attempt& a) {
  auto key_of = [this](const ReadableCommand& c) {
    return events::InboxKey{shard_of(c.input.key, settings_.shards), c.input.key, c.inbox_id};
  };
  auto look_up = [&](const std::vector<events::InboxKey>& keys) {
    std::map<events::InboxKey, events::InboxEntry> found;
    if (!keys.empty())
      for (events::InboxEntry& e : a.transaction->find_inbox(keys)) found.emplace(e.id, std::move(e));
    return found;
  };
  std::vector<events::InboxKey> keys;
  for (const Attempt::Entry& e : a.entries)
    if (e.command) keys.push_back(key_of(*e.command));
  auto found = look_up(keys);

  std::set<events::InboxKey> seen;
  std::vector<Attempt::Entry> entries, mismatches;
  for (Attempt::Entry& e : a.entries) {
    if (!e.command) {
      entries.push_back(std::move(e));
      continue;
    }
    events::InboxKey key = key_of(*e.command);
    auto known = found.find(key);
    if (known == found.end()) {
      if (seen.insert(key).second)
        entries.push_back(std::move(e));
      else
        a.deferred.push_back(e.batch_index);  // twice in one turn: the second waits until the first is known
    } else if (known->second.hash != e.command->hash) {
      e.command->inbox_id = mismatch_id(*e.command);
      mismatches.push_back(std::move(e));
    } else {
      ++counters_.duplicates;
      if (known->second.source != source_of(std::get<ConsumedMessage>(batch_[e.batch_index])))
        a.replays.push_back({std::move(e), known->second});
    }
  }
  keys.clear();
  for (const Attempt::Entry& e : mismatches) keys.push_back(key_of(*e.command));
  found = look_up(keys);
  for (Attempt::Entry& e : mismatches) {
    events::InboxKey key = key_of(*e.command);
    if (found.contains(key) || !seen.insert(key).second) {
      ++counters_.duplicates;
      continue;
    }
    refuse(e.command->input, common::v1::OUTCOME_REJECTED, error::kIdempotencyKeyMismatch, "this id was used before with other content");
    entries.push_back(std::move(e));
  }
  a.entries = std::move(entries);
}

void Lane::decide(Attempt& a) {
  for (Attempt::Entry& e : a.entries) {
    Pending& pending = batch_[e.batch_index];
    if (e.command) {
      if (e.command->expires_at && *e.command->expires_at < a.now && e.command->input.message != nullptr)
        refuse(e.command->input, common::v1::OUTCOME_EXPIRED, error::kInvalidArgument, "it arrived after its ce_expirytime");
      a.inputs.emplace_back(e.command->input);
    } else if (const auto* result = std::get_if<saga::v1::EffectResult>(&pending)) {
      a.inputs.emplace_back(sagas::ResultInput{result});
    } else if (const auto* wake = std::get_if<Wake>(&pending)) {
      a.inputs.emplace_back(sagas::WakeInput{wake->saga});
    } else {
      a.inputs.emplace_back(sagas::ResumeInput{std::get<Resume>(pending).saga});
    }
  }
  a.loaded = a.inputs;
  for (const Attempt::Replay& r : a.replays)
    a.loaded.emplace_back(sagas::ResumeInput{sagas::saga_stream("place_order", r.entry.command->input.key)});
  known_.load(*a.transaction, a.loaded, lock_rows_);
  replay_answers(a);
  a.result = sagas::run_turn(a.inputs, known_.working_set(), settings_.shards, {a.now, &a.arena});
}

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
    std::optional<common::v1::CommandReply> reply = stored_answer(a, record->second, completed);
    if (!reply) continue;  // its saga is still under way and will answer
    reply->set_replayed(true);
    ++counters_.replays;
    a.first[r.entry.batch_index].push_back(events::reply_message(*reply, asked.reply().topic(), r.entry.command->input.key,
                                                                 asked.command_id() + "/replay",
                                                                 asked.reply().content_type() == headers::kJson));
  }
}

std::optional<common::v1::CommandReply> Lane::stored_answer(const Attempt& a, const events::RecordedEvent& record, bool when_completed) {
  google::protobuf::Arena arena;
  const auto* input = dynamic_cast<const ordersaga::log::v1::InputRecord*>(events::decode(record, &arena));
  if (input == nullptr) throw sagas::BrokenInvariant("the inbox names a record that is no input record");
  if (when_completed && input->outcome() == common::v1::OUTCOME_ACCEPTED) {
    auto& cases = known_.working_set().cases;
    auto found = cases.find(std::string(stream_key(input->stream())));
    if (found != cases.end()) {
      const sagas::SagaState& saga = sagas::saga_of(found->second, *sagas::find_definition("place_order")).state;
      if (saga.origin.command_id() == input->command_id()) {
        if (!saga.replied) return std::nullopt;
        return saga.reply;
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
  static_cast<void>(a);
  return reply;
}

void Lane::write_and_commit(Attempt& a) {
  const sagas::TurnResult& r = a.result;
  std::map<Shard, std::size_t> last;
  for (std::size_t i = 0; i < r.records.size(); ++i) last[r.records[i].shard] = i;
  const ordersaga::log::v1::RecordMetadata* serialized = nullptr;
  std::string metadata;
  a.write.records.reserve(r.records.size());
  for (std::size_t i = 0; i < r.records.size(); ++i) {
    const sagas::TurnRecord& record = r.records[i];
    const google::protobuf::Descriptor* type = record.payload->GetDescriptor();
    if (record.metadata != serialized) {
      serialized = record.metadata;
      metadata = serialized->SerializeAsString();
    }
    events::NewRecord& out = a.write.records.emplace_back(events::NewRecord{
        record.shard, record.stream, record.version, events::number_of(type), record.payload->SerializeAsString(), metadata});
    // What differs from record to record is appended: concatenated messages are one merged message.
    ordersaga::log::v1::RecordMetadata extra;
    if (std::uint32_t version = events::schema_version_of(type); version > 1) extra.set_schema_version(version);
    if (last[record.shard] == i) extra.set_orders_numbered(known_.working_set().orders_numbered[record.shard]);
    if (!extra.AppendToString(&out.metadata)) throw events::BadData("metadata cannot be written");
  }
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    const Attempt::Entry& e = a.entries[i];
    if (!e.command) continue;
    a.write.inbox.push_back({{shard_of(e.command->input.key, settings_.shards), e.command->input.key, e.command->inbox_id},
                             e.command->hash,
                             r.inputs[i].record,
                             source_of(std::get<ConsumedMessage>(batch_[e.batch_index]))});
  }
  for (const sagas::NextWakeup& w : r.wakeups)
    (w.over ? a.write.ended : a.write.wakeups).push_back({w.shard, w.saga, w.at, w.effect_outstanding});
  for (const sagas::NetDelta& d : r.stock)
    if (d.on_hand != 0 || d.reserved != 0 || d.create) a.write.stock.push_back({d.sku, d.location, d.on_hand, d.reserved, d.create});

  const auto began = clock_.steady();
  events::WriteOutcome outcome = a.transaction->write(a.write, a.now);
  if (std::holds_alternative<events::StockRefused>(outcome)) throw RunAgainWithLocks{};
  if (const auto* conflict = std::get_if<events::VersionConflict>(&outcome)) {
    for (const events::ShardHead& head : a.transaction->heads()) known_.forget(head.shard);
    if (hooks_.metrics != nullptr) hooks_.metrics->conflicted(conflict->stream);
    throw events::StoreUnavailable("stream " + conflict->stream + " is not where it was expected");
  }
  a.positions = std::get<events::Written>(std::move(outcome)).positions;
  a.transaction->commit();
  a.append_took = clock_.steady() - began;
}

void Lane::tell(TurnMetrics& metrics, const Attempt& a) const {
  metrics.appended(a.append_took);
  metrics.committed(a.result, known_.working_set(), a.now);
  metrics.cached(known_.hits(), known_.misses());
  const Timestamp now = clock_.now();
  for (const Attempt::Entry& e : a.entries) {
    if (!e.command) continue;
    const auto& message = std::get<ConsumedMessage>(batch_[e.batch_index]);
    metrics.decided(*e.command->input.record, now - message.timestamp);
  }
}

void Lane::after_commit(Attempt& a) {
  ++counters_.turns;
  counters_.inputs += a.inputs.size();
  counters_.records += a.write.records.size();
  if (a.transaction) {
    if (hooks_.metrics != nullptr) tell(*hooks_.metrics, a);
    std::map<Shard, Position> heads;
    for (const events::ShardHead& head : a.transaction->heads()) heads[head.shard] = head.position;
    for (std::size_t i = 0; i < a.positions.size(); ++i) heads[a.write.records[i].shard] = a.positions[i];
    std::vector<events::ShardPosition> positions;
    for (const auto& [shard, position] : heads) positions.push_back({shard, position});
    known_.committed(a.transaction->epoch(), positions, a.inputs);
  }
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    if (!a.entries[i].command) continue;
    ++counters_.commands;
    if (!a.result.inputs[i].accepted) ++counters_.rejected;
  }
  for (const saga::v1::EffectRequest* request : a.result.effects) {
    ++counters_.effects_started;
    effects_.start(*request, [mailbox = mailbox_](const saga::v1::EffectResult& result) { mailbox->post(result); });
  }
  std::vector<bool> deferred(batch_.size(), false);
  for (std::size_t i : a.deferred) deferred[i] = true;
  for (std::size_t i = batch_.size(); i-- > 0;)
    if (deferred[i]) urgent_.push_front(std::move(batch_[i]));
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (deferred[i]) continue;
    if (const auto* message = std::get_if<ConsumedMessage>(&batch_[i])) finish(*message, std::move(a.first[i]));
    if (std::holds_alternative<Wake>(batch_[i])) --waking_;
  }
  batch_.clear();
  if (!a.write.records.empty() && hooks_.committed) hooks_.committed();
}

}  // namespace ordersaga::consumers
