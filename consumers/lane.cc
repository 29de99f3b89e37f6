// What a lane does with one step, and with what ends a turn. Where its inputs come from: lane_inputs.cc; the turn itself:
// lane_turn.cc; what breaks a turn: lane_parking.cc.
#include "consumers/lane.h"

#include "events/errors.h"
#include "runtime/log.h"

namespace ordersaga::consumers {

namespace log = runtime::log;

Lane::Lane(events::EventStore& store, Effects& effects, const runtime::Clock& clock, LaneSettings settings, LaneHooks hooks)
    : store_(store),
      effects_(effects),
      clock_(clock),
      settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      mailbox_(std::make_shared<Mailbox<LaneInput>>()),
      known_(settings_.shards, settings_.max_state_bytes),
      care_(store, settings_.care),
      limit_(settings_.max_inputs) {}

Lane::~Lane() = default;

Lane::Step Lane::step() {
  take_mail();
  try {
    if (batch_.empty()) {
      care_.tell(clock_.steady());
      find_resumes();
      find_due_timers();
      find_operators_commands();
      fill_batch();
    }
    note_waiting();
    if (batch_.empty()) {
      if (shards_.empty()) counters_.store_lost_since = 0;
      return Step::idle;
    }
    counters_.turn_began = clock_.steady().count();
    begin_with_care();
    run_turn();
    counters_.turn_began = 0;
    counters_.store_lost_since = 0;
    return Step::progressed;
  } catch (const ShardTaken&) {
    // Another one works on an adopted shard. One by one, so that no shard waits for another.
    for (Pending& pending : batch_) urgent_.push_back(std::move(pending));
    batch_.clear();
    limit_ = 1;
    counters_.turn_began = 0;
    return Step::try_later;
  } catch (const events::CommitInDoubt& e) {
    ++counters_.in_doubt;
    lost_store();
    log::warn("a commit is in doubt; its inputs run again under the lock", {{"error", e.what()}});
    return Step::try_later;
  } catch (const events::ShardBusy& e) {
    ++counters_.retries;
    lost_store();
    log::warn("a shard is busy", {{"error", e.what()}});
    return Step::try_later;
  } catch (const events::StoreUnavailable& e) {
    ++counters_.retries;
    lost_store();
    log::warn("the store is not available; trying again", {{"error", e.what()}});
    return Step::try_later;
  } catch (const events::BadData& e) {
    park_or_bisect(e.what());
    return Step::progressed;
  } catch (const sagas::BrokenInvariant& e) {
    park_or_bisect(e.what());
    return Step::progressed;
  }
}

void Lane::lost_store() {
  counters_.turn_began = 0;
  if (hooks_.recent != nullptr) hooks_.recent->drop(std::vector<Shard>(shards_.begin(), shards_.end()));
  if (counters_.store_lost_since == 0) counters_.store_lost_since = clock_.steady().count();
}

std::optional<std::string> Lane::problem() const {
  if (counters_.clocks_apart) return "timers stand still: the database's clock and ours differ too much";
  auto seconds = [](Duration d) { return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(d).count()) + " s"; };
  auto since = [this](std::int64_t began) { return began == 0 ? Duration{} : Duration(clock_.steady().count() - began); };
  if (Duration lost = since(counters_.store_lost_since); lost > settings_.store_patience)
    return "the database has let no turn through for " + seconds(lost);
  if (Duration turn = since(counters_.turn_began); turn > settings_.turn_patience) return "a turn has been under way for " + seconds(turn);
  std::int64_t oldest = counters_.oldest_command;
  if (oldest == 0) return std::nullopt;
  Duration waits = clock_.now().time_since_epoch() - Duration(oldest);
  if (waits <= settings_.max_lag) return std::nullopt;
  return "commands wait for " + seconds(waits);
}

}  // namespace ordersaga::consumers
