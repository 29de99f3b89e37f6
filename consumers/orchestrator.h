// The orchestrator: takes commands from Kafka, has lanes run turns on them, and commits offsets of what is done.
//
// run() is the dispatcher: it owns consumer and producer. Each lane has a thread and a session with the store of its own;
// shard n belongs to lane n mod lanes. Any number of orchestrators may run; the consumer group spreads the shards.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "consumers/lane.h"
#include "consumers/offset_tracker.h"
#include "runtime/clock.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::consumers {

inline constexpr std::string_view kOrchestratorGroup = "ordersaga-orchestrator";

struct OrchestratorSettings {
  // The topic whose assignment spreads the shards. Other command topics may be subscribed beside it (range assignor: their
  // partition n comes to the same member).
  std::string commands_topic;
  LaneSettings lane;
  // A lane's backlog of commands at which its partitions are paused, and at which they go on.
  std::size_t pause_at = 20'000;
  std::size_t resume_at = 5'000;
  // The same in bytes, and for records that wait until what must be sent before them is sent.
  std::size_t pause_at_bytes = 8 * 1024 * 1024;
  std::size_t resume_at_bytes = 4 * 1024 * 1024;
  std::size_t pause_at_unsent = 10'000;
  // Whether Kafka cannot be reached, asked after each poll; empty: it always can.
  std::function<bool()> brokers_down = {};
  std::size_t poll_max = 2'000;
};

class Orchestrator {
 public:
  // One lane for each store. All references outlive the orchestrator; `committed` is called by lanes, from their threads.
  // `metrics`: where the lanes export what their turns do; may be null. `recent` gets what they append; may be null.
  Orchestrator(runtime::kafka::Consumer& consumer, runtime::kafka::Producer& producer, Effects& effects,
               std::vector<std::unique_ptr<events::EventStore>> stores, const runtime::Clock& clock, OrchestratorSettings settings,
               std::function<void()> committed, runtime::Metrics* metrics = nullptr, events::RecentRecords* recent = nullptr);
  ~Orchestrator();

  // Until the stop is requested; then the lanes end their turns, and what they handled is sent and committed. Throws what
  // ends a lane, and KafkaError.
  void run(std::stop_token stop);

  // One round of the dispatcher, for who drives it by hand; lanes are then stepped by hand too.
  void dispatch(std::chrono::milliseconds timeout);

  // What keeps it from its work; nullopt: nothing. Any thread.
  std::optional<std::string> problem() const;

  std::size_t lanes() const { return lanes_.size(); }
  Lane& lane(std::size_t i) { return *lanes_[i]; }
  const Lane& lane(std::size_t i) const { return *lanes_[i]; }

 private:
  using Place = std::pair<std::string, std::int32_t>;  // topic, partition
  // A message that must reach Kafka before a consumed record is done.
  struct Awaited {
    std::uint64_t handled;
    runtime::kafka::OutgoingMessage message;
  };
  struct Open {
    Handled handled;
    std::size_t awaited = 0;
  };

  Lane& lane_of(std::int32_t partition) { return *lanes_[static_cast<std::size_t>(partition) % lanes_.size()]; }
  void take(const runtime::kafka::Rebalance& rebalance);
  void take(runtime::kafka::ConsumedMessage&& message);
  void take_handled();
  void produce_waiting();
  void take_deliveries(std::chrono::milliseconds timeout);
  void delivered(const runtime::kafka::Delivery& delivery);
  void done(const Handled& handled);
  void keep_backlog_bounded();
  void adopt_or_abandon();
  void run_lane(Lane& lane, const std::stop_token& stop, std::stop_source& all) noexcept;
  static void give_back(Lane& lane);
  void drain();

  runtime::kafka::Consumer& consumer_;
  runtime::kafka::Producer& producer_;
  const OrchestratorSettings settings_;
  std::vector<std::unique_ptr<events::EventStore>> stores_;
  Mailbox<Handled> handled_;
  std::vector<std::unique_ptr<TurnMetrics>> turn_metrics_;  // one a lane, or none
  std::vector<std::unique_ptr<Lane>> lanes_;

  std::map<Place, OffsetTracker> trackers_;
  std::set<Place> paused_;
  std::set<std::int32_t> assigned_;  // partitions of the commands' topic
  bool adopted_ = false;
  std::atomic<bool> brokers_down_{false};
  std::unordered_map<std::uint64_t, Open> open_;          // by number, waiting for deliveries
  std::unordered_map<std::uint64_t, Awaited> in_flight_;  // by token
  std::vector<std::uint64_t> to_produce_;                 // tokens that the producer's queue had no room for
  std::uint64_t last_number_ = 0;
  std::exception_ptr failure_;  // of a lane's thread
  std::mutex failure_mutex_;
};

}  // namespace ordersaga::consumers
