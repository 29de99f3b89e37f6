#include "consumers/orchestrator.h"

#include <algorithm>
#include <condition_variable>
#include <thread>

#include "events/errors.h"
#include "runtime/backoff.h"
#include "runtime/log.h"
#include "runtime/system_random.h"
#include "schemas/headers.h"

namespace ordersaga::consumers {
namespace {

namespace log = runtime::log;
using namespace std::chrono_literals;

// How long the dispatcher waits for records while it has nothing else to do; what lanes have handled waits no longer.
constexpr auto kPoll = 20ms;
// How long a stop waits for Kafka to take what must be sent.
constexpr auto kDrain = 3s;

}  // namespace

Orchestrator::Orchestrator(runtime::kafka::Consumer& consumer, runtime::kafka::Producer& producer, Effects& effects,
                           std::vector<std::unique_ptr<events::EventStore>> stores, const runtime::Clock& clock,
                           OrchestratorSettings settings, std::function<void()> committed, runtime::Metrics* metrics,
                           events::RecentRecords* recent)
    : consumer_(consumer), producer_(producer), settings_(std::move(settings)), stores_(std::move(stores)) {
  for (const auto& store : stores_) {
    LaneHooks hooks{.handled = [this](Handled h) { handled_.post(std::move(h)); }, .committed = committed, .recent = recent};
    if (metrics != nullptr) hooks.metrics = turn_metrics_.emplace_back(std::make_unique<TurnMetrics>(*metrics)).get();
    lanes_.push_back(std::make_unique<Lane>(*store, effects, clock, settings_.lane, std::move(hooks)));
  }
}

Orchestrator::~Orchestrator() = default;

void Orchestrator::run(std::stop_token stop) {
  std::stop_source all;
  {
    std::stop_callback forward(stop, [&] { all.request_stop(); });
    std::vector<std::jthread> threads;
    for (const auto& lane : lanes_) threads.emplace_back([this, &lane, &all] { run_lane(*lane, all.get_token(), all); });
    try {
      while (!all.stop_requested()) dispatch(kPoll);
    } catch (...) {
      all.request_stop();
      for (const auto& lane : lanes_) lane->mailbox().nudge();
      throw;
    }
    for (const auto& lane : lanes_) lane->mailbox().nudge();
  }
  drain();
  if (failure_) std::rethrow_exception(failure_);
}

void Orchestrator::run_lane(Lane& lane, const std::stop_token& stop, std::stop_source& all) noexcept {
  log::name_thread("lane");
  runtime::SystemRandom random;
  runtime::Backoff backoff(random, 5ms, 20ms, 2s);
  try {
    while (!stop.stop_requested()) {
      switch (lane.step()) {
        case Lane::Step::progressed:
          backoff.reset();
          break;
        case Lane::Step::idle:
          lane.mailbox().wait(settings_.lane.timer_poll);
          break;
        case Lane::Step::try_later: {
          std::mutex alone;
          std::unique_lock lock(alone);
          std::condition_variable_any().wait_for(lock, stop, backoff.next(), [] { return false; });
          break;
        }
      }
    }
    give_back(lane);
  } catch (...) {
    std::lock_guard lock(failure_mutex_);
    if (!failure_) failure_ = std::current_exception();
    all.request_stop();
  }
}

// What is not given back is handled with more care by the next owner than it needs; nothing is lost by it.
void Orchestrator::give_back(Lane& lane) {
  try {
    lane.give_back();
  } catch (const events::StoreError& e) {
    log::warn("the shards could not be given back", {{"error", e.what()}});
  }
}

void Orchestrator::dispatch(std::chrono::milliseconds timeout) {
  runtime::kafka::Polled polled = consumer_.poll(settings_.poll_max, timeout);
  for (const runtime::kafka::Rebalance& r : polled.rebalances) take(r);
  for (runtime::kafka::ConsumedMessage& m : polled.messages) take(std::move(m));
  take_handled();
  take_deliveries(0ms);
  produce_waiting();
  keep_backlog_bounded();
  adopt_or_abandon();
}

void Orchestrator::take(const runtime::kafka::Rebalance& rebalance) {
  for (std::int32_t partition : rebalance.partitions) {
    trackers_.erase({rebalance.topic, partition});
    if (rebalance.assigned) trackers_[{rebalance.topic, partition}];  // so that it can be paused before its first record
    paused_.erase({rebalance.topic, partition});
    if (rebalance.topic != settings_.commands_topic) continue;
    Shard shard(static_cast<std::int16_t>(partition));
    if (rebalance.assigned)
      assigned_.insert(partition);
    else
      assigned_.erase(partition);
    if (rebalance.assigned)
      lane_of(partition).offer(Assign{shard});
    else
      lane_of(partition).offer(Revoke{shard});
  }
  log::info(rebalance.assigned ? "partitions assigned" : "partitions revoked",
            {{"topic", rebalance.topic}, {"partitions", rebalance.partitions.size()}});
}

void Orchestrator::take(runtime::kafka::ConsumedMessage&& message) {
  trackers_[{message.topic, message.partition}].begin(message.offset);
  lane_of(message.partition).offer(std::move(message));
}

void Orchestrator::take_handled() {
  for (Handled& handled : handled_.take()) {
    if (handled.first.empty()) {
      done(handled);
      continue;
    }
    std::uint64_t number = ++last_number_;
    Open& open = open_[number];
    open.awaited = handled.first.size();
    for (runtime::kafka::OutgoingMessage& m : handled.first) {
      std::uint64_t token = ++last_number_;
      in_flight_.emplace(token, Awaited{number, std::move(m)});
      to_produce_.push_back(token);
    }
    handled.first.clear();
    open.handled = std::move(handled);
  }
}

void Orchestrator::produce_waiting() {
  auto sent = std::find_if(to_produce_.begin(), to_produce_.end(),
                           [&](std::uint64_t token) { return !producer_.produce(in_flight_.at(token).message, token); });
  to_produce_.erase(to_produce_.begin(), sent);
}

void Orchestrator::take_deliveries(std::chrono::milliseconds timeout) {
  if (in_flight_.empty()) return;
  std::vector<runtime::kafka::Delivery> deliveries;
  producer_.poll(timeout, deliveries);
  for (const runtime::kafka::Delivery& d : deliveries) delivered(d);
}

void Orchestrator::delivered(const runtime::kafka::Delivery& delivery) {
  auto found = in_flight_.find(delivery.token);
  if (found == in_flight_.end()) return;
  const std::string& topic = found->second.message.topic;
  if (!delivery.error.empty()) {
    // An answer that cannot be delivered is its receiver's loss; a command must get where it belongs.
    bool is_answer = topic.starts_with(topics::kRepliesPrefix);
    log::warn(is_answer ? "an answer cannot be delivered" : "a record cannot be delivered; trying again",
              {{"topic", topic}, {"error", delivery.error}});
    if (!is_answer) {
      to_produce_.push_back(delivery.token);
      return;
    }
  }
  auto open = open_.find(found->second.handled);
  in_flight_.erase(found);
  if (--open->second.awaited > 0) return;
  done(open->second.handled);
  open_.erase(open);
}

void Orchestrator::done(const Handled& handled) {
  auto tracker = trackers_.find({handled.topic, handled.partition});
  if (tracker == trackers_.end()) return;  // of an earlier assignment
  if (std::optional<std::int64_t> next = tracker->second.done(handled.offset)) consumer_.commit(handled.topic, handled.partition, *next);
}

void Orchestrator::keep_backlog_bounded() {
  for (const auto& [place, tracker] : trackers_) {
    const Lane& lane = lane_of(place.second);
    bool full =
        lane.backlog() > settings_.pause_at || lane.backlog_bytes() > settings_.pause_at_bytes || open_.size() > settings_.pause_at_unsent;
    bool low = lane.backlog() < settings_.resume_at && lane.backlog_bytes() < settings_.resume_at_bytes &&
               open_.size() < settings_.pause_at_unsent / 2;
    if (full && paused_.insert(place).second) consumer_.pause(place.first, place.second);
    if (low && paused_.erase(place) > 0) consumer_.resume(place.first, place.second);
  }
}

// While Kafka cannot be reached its group gives the shards to nobody: then each orchestrator does what needs no Kafka on
// every shard whose lock it gets.
void Orchestrator::adopt_or_abandon() {
  if (!settings_.brokers_down) return;
  bool down = settings_.brokers_down();
  if (down != brokers_down_) log::warn(down ? "Kafka cannot be reached" : "Kafka can be reached again");
  brokers_down_ = down;
  if (!adopted_ && down && assigned_.empty()) {
    for (int s = 0; s < settings_.lane.shards; ++s) lane_of(s).offer(Adopt{Shard(static_cast<std::int16_t>(s))});
    adopted_ = true;
    log::warn("no shard is assigned while Kafka is away: timers, results and operators' commands go on where a shard is free");
  }
  if (adopted_ && (!down || !assigned_.empty())) {
    for (const auto& lane : lanes_) lane->offer(Abandon{});
    adopted_ = false;
  }
}

std::optional<std::string> Orchestrator::problem() const {
  if (brokers_down_) return "Kafka cannot be reached";
  for (const auto& lane : lanes_)
    if (auto problem = lane->problem()) return problem;
  return std::nullopt;
}

void Orchestrator::drain() {
  auto until = std::chrono::steady_clock::now() + kDrain;
  take_handled();
  while (!in_flight_.empty() && std::chrono::steady_clock::now() < until) {
    produce_waiting();
    take_deliveries(50ms);
  }
}

}  // namespace ordersaga::consumers
