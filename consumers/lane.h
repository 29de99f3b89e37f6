// A lane: the shell of the turn, on shards that are its own. One thread runs it; only offer() may be called from others.
//
// It keeps inputs until they are done: a turn that fails is run again with the same inputs, and the inbox and the streams
// tell, under the lock, what of it had happened already. Written against ports, so a simulation runs it too.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "consumers/care.h"
#include "consumers/command_reader.h"
#include "consumers/effects/effects.h"
#include "consumers/known_state.h"
#include "consumers/mailbox.h"
#include "consumers/turn_metrics.h"
#include "events/event_store.h"
#include "events/recent_records.h"
#include "runtime/clock.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::consumers {

// A consumed record that needs nothing more, once `first` is acknowledged by Kafka: dead letters and forwarded commands
// must be; a repeated answer is sent if it can be.
struct Handled {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::vector<runtime::kafka::OutgoingMessage> first;
};

// What moves a lane from outside.
struct Assign {
  Shard shard;
};
struct Revoke {
  Shard shard;
};
// Kafka assigns the shard to nobody, since it cannot be reached: timers, results and operators' commands of it go on here,
// when its lock is free. Others may do the same.
struct Adopt {
  Shard shard;
};
// Ends all adoptions.
struct Abandon {};
using LaneInput = std::variant<runtime::kafka::ConsumedMessage, saga::v1::EffectResult, Assign, Revoke, Adopt, Abandon>;

struct LaneSettings {
  int shards = 16;
  // Inputs of one turn, at most.
  std::size_t max_inputs = 2'000;
  // Of the orders that are held from turn to turn, roughly.
  std::size_t max_state_bytes = 8 * 1024 * 1024;
  // No commands are begun while more calls to the outside than this are in flight.
  std::size_t max_effects = 20'000;
  // Calls that a new owner makes again, in one turn.
  std::size_t max_resumes = 100;
  Duration timer_poll = std::chrono::milliseconds(50);
  Duration operator_poll = std::chrono::milliseconds(500);
  // Timers stand still while the store's clock and ours differ by more.
  Duration max_clock_skew = std::chrono::seconds(60);
  // From when on a lane says that it cannot do its work: the store has not let it so long, a turn has taken so long, a
  // command has waited so long.
  Duration store_patience = std::chrono::seconds(2);
  Duration turn_patience = std::chrono::seconds(30);
  Duration max_lag = std::chrono::seconds(60);
  CareSettings care = {};
};

struct LaneHooks {
  std::function<void(Handled)> handled;
  // After each commit: the log has grown.
  std::function<void()> committed;
  // Told what the lane does, on its thread; may be null. Outlives the lane.
  TurnMetrics* metrics = nullptr;
  // Gets the records of each commit, before committed(), and drops those of shards that the lane is not sure of any more or
  // that were taken from it; may be null. Outlives the lane.
  events::RecentRecords* recent = nullptr;
};

// Read from any thread.
struct LaneCounters {
  std::atomic<std::uint64_t> turns{0}, inputs{0}, commands{0}, records{0}, rejected{0}, duplicates{0}, replays{0}, dead_letters{0},
      forwarded{0}, stock_reruns{0}, retries{0}, in_doubt{0}, parked{0}, effects_started{0}, effects_finished{0}, timers_fired{0},
      operators_commands{0}, refused_too_old{0};
  // Inputs of this lane's sagas that wait for an operator.
  std::atomic<std::uint64_t> parked_now{0};
  std::atomic<bool> clocks_apart{false};
  // Microseconds of the steady clock: since when the store has let no turn; when the turn began that is under way. 0: none.
  std::atomic<std::int64_t> store_lost_since{0}, turn_began{0};
  // Microseconds since 1970: when the oldest command that waits here was appended to Kafka. 0: none waits.
  std::atomic<std::int64_t> oldest_command{0};
};

// What a consumed record takes in memory, roughly.
std::size_t bytes_of(const runtime::kafka::ConsumedMessage& message);

class Lane {
 public:
  enum class Step : std::uint8_t {
    idle,  // nothing to do: wait for the mailbox
    progressed,
    try_later,  // the store did not let it: wait a little, the inputs are kept
  };

  // All references outlive the lane. Results of effects that end after the lane are dropped.
  Lane(events::EventStore& store, Effects& effects, const runtime::Clock& clock, LaneSettings settings, LaneHooks hooks);
  ~Lane();

  // Any thread.
  void offer(LaneInput input);
  Mailbox<LaneInput>& mailbox() { return *mailbox_; }
  const LaneCounters& counters() const { return counters_; }

  // Runs at most one turn. Throws StoreMisconfigured, and what is a programmer's mistake; all else is tried again or parked.
  Step step();

  // At a clean end, after the last step: the shards are given back, so that the next owner need not be careful.
  // Throws StoreErrors.
  void give_back() { care_.give_all_back(); }

  // Whether inputs are waiting or being worked on.
  bool busy() const { return !commands_.empty() || !urgent_.empty() || !batch_.empty() || !resumes_.empty(); }
  // Commands that wait, roughly. Any thread.
  std::size_t backlog() const { return backlog_.load(std::memory_order_relaxed) + mailbox_->size(); }
  // Their bytes, roughly. Any thread.
  std::size_t backlog_bytes() const { return backlog_bytes_.load(std::memory_order_relaxed); }
  // What keeps it from its work; nullopt: nothing. Any thread.
  std::optional<std::string> problem() const;

 private:
  struct Wake {
    std::string saga;
  };
  struct Resume {
    std::string saga;
  };
  using Input = std::variant<runtime::kafka::ConsumedMessage, saga::v1::EffectResult, Wake, Resume>;
  struct Pending {
    Input input;
    // Why it broke its turn; then its next turn does not decide it, but parks it.
    std::string broke = {};
    // It was not known yet, and is decided alone (care.h).
    bool alone = false;
  };
  using CallName = std::tuple<std::string, std::int32_t, std::int32_t, bool, int>;  // saga, step, attempt, compensation, operation
  struct ShardTaken {};                                                             // another writer holds an adopted shard
  struct Attempt;                                                                   // one try of a turn

  // lane_inputs.cc: what there is to do.
  void take_mail();
  void take(runtime::kafka::ConsumedMessage&& message) { commands_.push_back({std::move(message)}); }
  void take(saga::v1::EffectResult&& result);
  void take(Assign&& assign);
  void take(Revoke&& revoke);
  void take(Adopt&& adopt);
  void take(Abandon&& abandon);
  void note_waiting();
  void lost_store();
  void find_resumes();
  void find_due_timers();
  void find_operators_commands();
  void fill_batch();
  void begin_with_care();
  Shard shard_of_input(const Pending& pending) const;

  // lane_turn.cc: the turn.
  void run_turn();
  void read_inputs(Attempt& a);
  void lock_shards(Attempt& a);
  void sort_out_known_commands(Attempt& a);
  void set_aside_for_care(Attempt& a);
  void decide(Attempt& a);
  void run_parts(Attempt& a);
  void write_and_commit(Attempt& a);
  void hand_on(Attempt& a) const;
  void after_commit(Attempt& a);
  void tell(TurnMetrics& metrics, const Attempt& a) const;
  void start_calls(const Attempt& a);

  // lane_replies.cc: answers to what was decided before, and to what cannot be decided.
  void replay_answers(Attempt& a);
  std::optional<common::v1::CommandReply> stored_answer(const events::RecordedEvent& record, bool when_completed);
  std::vector<runtime::kafka::OutgoingMessage> turn_away(const runtime::kafka::ConsumedMessage& message, const UnreadableCommand& why);
  void forward(const runtime::kafka::ConsumedMessage& message, Shard right);
  void finish(const runtime::kafka::ConsumedMessage& message, std::vector<runtime::kafka::OutgoingMessage> first = {});

  // lane_parking.cc: what breaks its turn, and what operators want done about it.
  void park_or_bisect(const char* why);
  void put_aside(Pending&& pending);
  void park_command(Attempt& a, std::size_t batch_index, ReadableCommand& command);
  void park_sagas_inputs(Attempt& a);
  void obey_operators(Attempt& a);

  events::EventStore& store_;
  Effects& effects_;
  const runtime::Clock& clock_;
  const LaneSettings settings_;
  const LaneHooks hooks_;
  std::shared_ptr<Mailbox<LaneInput>> mailbox_;  // shared: effects may end after the lane
  KnownState known_;
  LaneCounters counters_;

  Care care_;
  std::set<Shard> shards_;
  std::set<Shard> adopted_;  // those of them that were not assigned
  std::set<Shard> to_resume_;
  std::deque<Pending> urgent_;   // results, wake-ups, what is run again: what finishes work goes before what begins it
  std::deque<Pending> resumes_;  // sagas of shards that are new here, whose calls are made again
  std::deque<Pending> commands_;
  std::vector<Pending> batch_;  // taken for a turn that has not committed yet
  std::atomic<std::size_t> backlog_{0};
  std::atomic<std::size_t> backlog_bytes_{0};
  std::size_t limit_;                  // inputs of the next turn; shrinks while a bad one is looked for
  std::size_t waking_ = 0;             // Wake inputs in urgent_ and batch_
  std::size_t operators_waiting_ = 0;  // operators' commands in urgent_ and batch_
  Duration next_timer_poll_{};
  Duration next_operator_poll_{};
  Duration next_parked_count_{};
  events::LockRows lock_rows_ = events::LockRows::no;
  std::set<CallName> calls_;                   // to the outside, begun here and not ended
  std::map<std::string, Duration> put_aside_;  // sagas that cannot even be parked: until when they are left alone
};

}  // namespace ordersaga::consumers
