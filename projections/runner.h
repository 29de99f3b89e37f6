// The projector: from the events topic into the read models, as a machine that makes one step at a time.
//
// Partition n of the topic is shard n of the log, in position order. What a step does with a shard's messages:
//   at or below the checkpoint    a duplicate: counted, dropped
//   the next position             applied
//   above the next                a gap: the records between are read from the log first
//   of a life of the log that is over, above where a later epoch began: dropped
//   of an epoch that the log does not know: the log was taken back in time; the shard halts, loudly, until an operator has looked
//   not readable as a record      kept in read.unreadable_messages; if it stood for a record, that is a gap then
// A shard that falls behind the log without a message for `patience` is read from the log too (the topic's retention has
// passed, or the relay or Kafka is down).
//
// When an epoch of the log begins, a shard whose rows are all of records that still exist goes on in it. Where rows are of records
// that do not exist any more, it halts until they were made anew (shadow.h), and goes on then.
//
// One thread at a time, but for counters(). After an exception of step() nothing is lost: call it again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "events/event_store.h"
#include "projections/apply.h"
#include "runtime/clock.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::projections {

struct RunnerOptions {
  // Records in one transaction, and the bytes of their payloads.
  std::size_t max_batch = 5'000;
  std::size_t max_bytes = 8 << 20;
  // After a batch of at least `busy` records the next one gathers for `gather` since the last commit: what happens to an order
  // within that time costs one write of its row. An idle projector never waits.
  std::size_t busy = 300;
  std::chrono::milliseconds gather{200};
  std::chrono::milliseconds poll_timeout{200};
  std::chrono::milliseconds lag_every{1'000};
  std::chrono::milliseconds patience{10'000};
};

// Of one projection, over the shards assigned here.
struct Lag {
  std::string projection;
  std::atomic<std::int64_t> events{0};
  // Since when at least one shard has not been seen at the log's head.
  std::atomic<std::int64_t> millis{0};
};

struct RunnerCounters {
  std::atomic<std::uint64_t> applied{0};
  std::atomic<std::uint64_t> batches{0};
  std::atomic<std::uint64_t> duplicates{0};
  std::atomic<std::uint64_t> gaps{0};
  // Records that were read from the log.
  std::atomic<std::uint64_t> filled{0};
  std::atomic<std::uint64_t> parked{0};
  std::atomic<std::uint64_t> unreadable{0};
  // Times that another projector had applied the same records.
  std::atomic<std::uint64_t> overtaken{0};
  // Parked records that were applied after all.
  std::atomic<std::uint64_t> redriven{0};
  std::atomic<std::int64_t> halted_shards{0};
  std::vector<std::unique_ptr<Lag>> lags;
};

class Runner {
 public:
  // All must outlive this. The consumer is a member of the projector's group on the events topic.
  Runner(runtime::kafka::Consumer& consumer, events::EventStore& log, ReadStore& store, const runtime::Clock& clock,
         ProjectionSet projections, RunnerOptions options = {});

  // Polls, applies one batch, commits the offsets. Returns how many messages, and records of the log, it has dealt with;
  // 0: there was nothing to do.
  std::size_t step();

  // Any thread.
  const RunnerCounters& counters() const { return counters_; }
  // Shards that halted, and why. Only between steps.
  const std::map<Shard, std::string>& halted() const { return halted_; }

 private:
  struct Pending {
    std::int64_t offset = 0;
    std::variant<MessageRecord, UnreadableMessage> content;
    std::size_t bytes() const;
  };
  // A shard that is assigned to this projector.
  struct Followed {
    std::string topic;
    std::deque<Pending> pending;
    bool paused = false;
    bool gap_noticed = false;
    // The log's head when it was last looked at, and until where to read the log without waiting for messages.
    Position head;
    Position read_until;
    std::chrono::microseconds caught_up_at{};
    std::chrono::microseconds moved_at{};
  };
  // What a batch takes of one shard.
  struct Taken {
    std::size_t messages = 0;
    std::size_t duplicates = 0;
    std::size_t filled = 0;
    Position end;
  };

  void poll();
  bool is_full() const { return waiting_ >= options_.max_batch || waiting_bytes_ >= options_.max_bytes; }
  std::chrono::milliseconds time_to_gather() const;
  void rebalance(const runtime::kafka::Rebalance& change);
  void receive(runtime::kafka::ConsumedMessage&& message);
  void open();
  void watch_lag();
  // What operators have asked for since the last look: pauses and redrives.
  void serve_operators();
  void take_up(const std::set<std::string>& paused);
  std::size_t apply();
  void take(Shard shard, Followed& followed, Batch& batch, Taken& taken);
  // These two: false when the shard can give nothing more in this step.
  bool take_message(Shard shard, Followed& followed, Batch& batch, Taken& taken);
  bool fill(Shard shard, Position until, Batch& batch, Taken& taken);
  void add_message(Pending& pending, Batch& batch);
  void finish(const std::map<Shard, Taken>& taken, const Batch& batch, const Applied& applied);
  void halt(Shard shard, const std::string& reason);
  // Halts the shards of which rows are outdated, and lets those go on of which none is any more.
  void judge_epochs();
  void balance_pauses();
  bool has_work() const;

  runtime::kafka::Consumer& consumer_;
  events::EventStore& log_;
  ReadStore& store_;
  const runtime::Clock& clock_;
  ProjectionSet projections_;
  RunnerOptions options_;

  std::map<Shard, Followed> followed_;
  Standings standings_;
  // False: standings_ are to be read again.
  bool open_ = false;
  std::map<Shard, std::string> halted_;
  // Those of them that wait for rows to be made anew.
  std::set<Shard> outdated_;
  // Of the log, when the standings were opened.
  LogLife life_;
  std::chrono::microseconds lag_watched_at_{};
  // Messages received and not yet dealt with, and their payloads' bytes.
  std::size_t waiting_ = 0;
  std::size_t waiting_bytes_ = 0;
  // The last batch.
  std::size_t last_batch_ = 0;
  std::chrono::microseconds last_commit_{};
  google::protobuf::Arena arena_;
  RunnerCounters counters_;
};

}  // namespace ordersaga::projections
