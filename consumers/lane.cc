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
      known_(settings_.shards, settings_.max_cases),
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
    backlog_.store(commands_.size() + batch_.size(), std::memory_order_relaxed);
    if (batch_.empty()) return Step::idle;
    begin_with_care();
    run_turn();
    return Step::progressed;
  } catch (const events::CommitInDoubt& e) {
    ++counters_.in_doubt;
    log::warn("a commit is in doubt; its inputs run again under the lock", {{"error", e.what()}});
    return Step::try_later;
  } catch (const events::ShardBusy& e) {
    ++counters_.retries;
    log::warn("a shard is busy", {{"error", e.what()}});
    return Step::try_later;
  } catch (const events::StoreUnavailable& e) {
    ++counters_.retries;
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

}  // namespace ordersaga::consumers
