// The shell of a turn. Its steps, in order, are those of run_turn().
#include <algorithm>
#include <map>

#include "consumers/crashpoint.h"
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

UnreadableCommand turned_away(const ReadableCommand& c, std::string_view code, std::string message) {
  const ordersaga::log::v1::InputRecord& record = *c.input.record;
  return {.code = std::string(code),
          .message = std::move(message),
          .reply_topic = record.reply().topic(),
          .command_id = record.command_id(),
          .reply_in_json = record.reply().content_type() == headers::kJson};
}

UnreadableCommand too_old(const ReadableCommand& c) {
  return turned_away(c, error::kCommandTooOld,
                     "it lay in Kafka for longer than ids of commands are remembered, and may have been decided before");
}

// It was decided before, and has its outcome; but the record that says which cannot be read, for it is in a detached leaf.
UnreadableCommand without_its_answer(const ReadableCommand& c, const std::string& why) {
  return turned_away(c, error::kInternal, "it was decided before, and its answer cannot be read: " + why);
}

}  // namespace

void Lane::run_turn() {
  for (int run = 1;; ++run) {
    Attempt a;
    try {
      read_inputs(a);  // 1. what is there, up to the limit; what is no command goes its way
      if (!a.entries.empty() || !a.to_park.empty()) {
        lock_shards(a);  // 2. begin; lock; heads and clock; which commands are known already
        sort_out_known_commands(a);
        set_aside_for_care(a);
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
    } catch (const events::CommitInDoubt&) {
      known_.forget(a.loaded);
      // If it was committed after all, nobody has made its calls: they are found outstanding then, and made.
      for (const saga::v1::EffectRequest* request : a.outcome.calls()) resumes_.push_front({Resume{request->saga()}});
      throw;
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
    if (auto* message = std::get_if<ConsumedMessage>(&pending.input)) {
      Reading reading = read_command(*message, settings_.shards, &a.arena);
      if (auto* unreadable = std::get_if<UnreadableCommand>(&reading)) {
        finish(*message, turn_away(*message, *unreadable));
        continue;
      }
      if (auto* misplaced = std::get_if<MisplacedCommand>(&reading)) {
        forward(*message, misplaced->right);
        continue;
      }
      command = std::move(std::get<ReadableCommand>(reading));
    }
    if (!command && !pending.broke.empty())
      a.to_park.push_back(kept.size());
    else
      a.entries.push_back({kept.size(), std::move(command)});
    kept.push_back(std::move(pending));
  }
  batch_ = std::move(kept);
  a.first.resize(batch_.size());
}

void Lane::lock_shards(Attempt& a) {
  std::set<Shard> shards;
  for (const Attempt::Entry& e : a.entries)
    shards.insert(e.command ? shard_of(e.command->input.key, settings_.shards) : shard_of_input(batch_[e.batch_index]));
  for (std::size_t i : a.to_park) shards.insert(shard_of_input(batch_[i]));
  if (shards.contains(Shard(-1))) throw sagas::BrokenInvariant("an input belongs to no key");
  std::vector<Shard> ascending(shards.begin(), shards.end());
  bool adopted = std::ranges::any_of(ascending, [this](Shard s) { return adopted_.contains(s); });
  a.transaction = adopted ? store_.try_begin(ascending) : store_.begin(ascending);
  if (!a.transaction) throw ShardTaken{};
  a.now = a.transaction->clock();
  if (std::chrono::abs(a.now - clock_.now()) > settings_.max_clock_skew) {
    if (!counters_.clocks_apart) log::error("the store's clock and ours differ too much; timers stand still");
    counters_.clocks_apart = true;
    std::erase_if(a.entries, [this](const Attempt::Entry& e) { return std::holds_alternative<Wake>(batch_[e.batch_index].input); });
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
  // Whether its id may have been forgotten since it was decided.
  auto is_too_old = [&](const Attempt::Entry& e) {
    auto appended = first_appended(std::get<ConsumedMessage>(batch_[e.batch_index].input));
    return appended.time_since_epoch().count() > 0 && appended < a.transaction->inbox_since();
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
    if (known == found.end() && is_too_old(e)) {
      ++counters_.refused_too_old;
      a.first[e.batch_index] = turn_away(std::get<ConsumedMessage>(batch_[e.batch_index].input), too_old(*e.command));
    } else if (known == found.end()) {
      if (seen.insert(key).second)
        entries.push_back(std::move(e));
      else
        a.deferred.push_back(e.batch_index);  // twice in one turn: the second waits until the first is known
    } else if (known->second.hash != e.command->hash) {
      e.command->inbox_id = mismatch_id(*e.command);
      mismatches.push_back(std::move(e));
    } else {
      ++counters_.duplicates;
      const Pending& pending = batch_[e.batch_index];
      const auto& message = std::get<ConsumedMessage>(pending.input);
      if (known->second.source == source_of(message)) continue;
      if (pending.broke.empty()) {
        a.replays.push_back({std::move(e), known->second});
      } else {
        ++a.parked;
        a.first[e.batch_index] = turn_away(message, without_its_answer(*e.command, pending.broke));
      }
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

// Inputs of shards that may hold what ended a process are decided one by one, each in a turn of its own (care.h). What was
// sorted out by now needed no deciding.
void Lane::set_aside_for_care(Attempt& a) {
  if (batch_.size() == 1 && batch_.front().alone) return;
  std::erase_if(a.entries, [&](const Attempt::Entry& e) {
    Pending& pending = batch_[e.batch_index];
    if (!pending.broke.empty() || !care_.is_careful(shard_of_input(pending))) return false;
    pending.alone = true;
    a.deferred.push_back(e.batch_index);
    return true;
  });
}

void Lane::decide(Attempt& a) {
  for (Attempt::Entry& e : a.entries) {
    if (!e.command) continue;
    if (!batch_[e.batch_index].broke.empty())
      park_command(a, e.batch_index, *e.command);
    else if (e.command->expires_at && *e.command->expires_at < a.now && e.command->input.message != nullptr)
      refuse(e.command->input, common::v1::OUTCOME_EXPIRED, error::kCommandExpired, "it arrived after its ce_expirytime");
  }
  park_sagas_inputs(a);
  obey_operators(a);
  for (Attempt::Entry& e : a.entries) {
    const Input& input = batch_[e.batch_index].input;
    if (e.command) {
      a.inputs.emplace_back(e.command->input);
      if (e.command->input.message != nullptr) crashpoint("decide", e.command->input.key);
    } else if (const auto* result = std::get_if<saga::v1::EffectResult>(&input)) {
      a.inputs.emplace_back(sagas::ResultInput{result});
    } else if (const auto* wake = std::get_if<Wake>(&input)) {
      a.inputs.emplace_back(sagas::WakeInput{wake->saga});
    } else {
      a.inputs.emplace_back(sagas::ResumeInput{std::get<Resume>(input).saga});
    }
  }
  a.inputs.insert(a.inputs.end(), a.more.begin(), a.more.end());
  a.loaded = a.inputs;
  for (const Attempt::Replay& r : a.replays)
    a.loaded.emplace_back(sagas::ResumeInput{sagas::saga_stream("place_order", r.entry.command->input.key)});
  try {
    known_.load(*a.transaction, a.loaded, lock_rows_);
    replay_answers(a);
    run_parts(a);
  } catch (const events::StoreError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    throw sagas::BrokenInvariant(e.what());  // of a decider, or of a fold over what the log holds
  }
}

// What the inputs came with, and the calls to be made, stay until the turn is over; all else that it makes lives as long as a part.
void Lane::run_parts(Attempt& a) {
  if (hooks_.metrics != nullptr) hooks_.metrics->begin_turn();
  for (std::span<const sagas::Input> rest = a.inputs; !rest.empty();) {
    google::protobuf::Arena arena;
    const auto part = rest.first(std::min(rest.size(), kPartOfTurn));
    rest = rest.subspan(part.size());
    const sagas::TurnResult result = sagas::run_turn(part, known_.working_set(), settings_.shards, {a.now, &arena});
    a.outcome.add(result, a.write, a.arena);
    if (hooks_.metrics != nullptr) hooks_.metrics->note(result, known_.working_set());
  }
}

void Lane::write_and_commit(Attempt& a) {
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    const Attempt::Entry& e = a.entries[i];
    if (!e.command) continue;
    a.write.inbox.push_back({{shard_of(e.command->input.key, settings_.shards), e.command->input.key, e.command->inbox_id},
                             e.command->hash,
                             a.outcome.input_records()[i],
                             source_of(std::get<ConsumedMessage>(batch_[e.batch_index].input))});
  }
  a.outcome.finish(known_.working_set().orders_numbered, a.write);
  a.write.versions_are_known = true;  // KnownState::check() compared the heads, and load() read what was missing

  // Whatever became of them, this turn was their end.
  std::vector<bool> stays(batch_.size(), false);
  for (std::size_t i : a.deferred) stays[i] = true;
  for (std::size_t i = 0; i < batch_.size(); ++i)
    if (const auto* message = std::get_if<ConsumedMessage>(&batch_[i].input); message != nullptr && is_operators(*message) && !stays[i])
      a.write.operator_done.push_back(message->offset);

  const auto began = clock_.steady();
  events::WriteOutcome outcome = a.transaction->write(a.write, a.now);
  if (std::holds_alternative<events::StockRefused>(outcome)) throw RunAgainWithLocks{};
  if (const auto* conflict = std::get_if<events::VersionConflict>(&outcome)) {
    for (const events::ShardHead& head : a.transaction->heads()) known_.forget(head.shard);
    if (hooks_.metrics != nullptr) hooks_.metrics->conflicted(conflict->stream);
    throw events::StoreUnavailable("stream " + (conflict->stream.empty() ? "(unknown)" : conflict->stream) +
                                   " is not where it was expected");
  }
  a.positions = std::get<events::Written>(std::move(outcome)).positions;
  a.transaction->commit();
  a.append_took = clock_.steady() - began;
}

void Lane::tell(TurnMetrics& metrics, const Attempt& a) const {
  metrics.appended(a.append_took);
  metrics.committed(a.now);
  metrics.cached(known_.hits(), known_.misses());
  const Timestamp now = clock_.now();
  for (const Attempt::Entry& e : a.entries) {
    if (!e.command) continue;
    const auto& message = std::get<ConsumedMessage>(batch_[e.batch_index].input);
    if (is_operators(message)) continue;  // it came at no known time
    metrics.decided(*e.command->input.record, now - message.timestamp);
  }
}

// What the log has now may be read by others while the lane goes on.
void Lane::hand_on(Attempt& a) const {
  if (a.write.records.empty()) return;
  if (hooks_.recent != nullptr) hooks_.recent->add(a.transaction->epoch(), a.write.records, a.positions, a.now);
  if (hooks_.committed) hooks_.committed();
}

void Lane::after_commit(Attempt& a) {
  hand_on(a);
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
    known_.committed(a.transaction->epoch(), positions, a.loaded);
  }
  counters_.parked += a.parked;
  for (const Attempt::Entry& e : a.entries) {
    if (!e.command) continue;
    ++counters_.commands;
    if (e.command->input.record->outcome() != common::v1::OUTCOME_ACCEPTED) ++counters_.rejected;
  }
  start_calls(a);
  if (batch_.size() == 1 && batch_.front().alone) care_.done();
  std::vector<bool> deferred(batch_.size(), false);
  for (std::size_t i : a.deferred) deferred[i] = true;
  for (std::size_t i = batch_.size(); i-- > 0;)
    if (deferred[i]) urgent_.push_front(std::move(batch_[i]));
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (deferred[i]) continue;
    if (const auto* message = std::get_if<ConsumedMessage>(&batch_[i].input)) finish(*message, std::move(a.first[i]));
    if (std::holds_alternative<Wake>(batch_[i].input)) --waking_;
  }
  batch_.clear();
}

// A resumed saga is one of whose call nobody knows whether it was made; what is under way here need not be made again.
void Lane::start_calls(const Attempt& a) {
  std::set<std::string_view> resumed;
  for (const Pending& pending : batch_)
    if (const auto* resume = std::get_if<Resume>(&pending.input)) resumed.insert(resume->saga);
  for (const saga::v1::EffectRequest* r : a.outcome.calls()) {
    bool is_new = calls_.emplace(r->saga(), r->step(), r->attempt(), r->compensation(), r->operation()).second;
    if (!is_new && resumed.contains(r->saga())) continue;
    ++counters_.effects_started;
    effects_.start(*r, [mailbox = mailbox_](const saga::v1::EffectResult& result) { mailbox->post(result); });
  }
}

}  // namespace ordersaga::consumers
