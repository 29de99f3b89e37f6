// The relay: from the log to Kafka, as a machine that makes one step at a time.
//
// For each shard that it is assigned it reads the log above its cursor and sends every record's messages, in order, to the
// shard's partition of the events topic, and to the other topics that a record speaks to. A cursor moves only over records
// whose messages are all acknowledged. First occurrences on the events topic are in order and without a gap; repetitions
// are possible, after a restart or a failure.
//
// - On assignment, and with every new producer, the tail of the topic decides where to go on (resume.h).
// - A delivery that fails, or an offset that does not rise: the producer is dropped, all shards are verified again, with
//   back-off. A new producer's first event of a partition goes alone.
// - A reply that its topic refuses (the sender never made it, took it away, forbids us to write or wants no message of that
//   size) is dropped and counted: others wait for what comes behind it. So is, when a topic is filled anew, a message older than its
//   topic's retention.
// - A shard whose topic contradicts the log, or with a record that cannot be read, halts there: said as an error, counted,
//   and in halted(). The other shards go on. It is tried again when it is assigned anew, and with a new producer.
// - A record is published with the epoch that it belongs to (events/epochs.h), so the same one each time.
// - An operator may ask for a shard to be published once more from a position on. The cursor moves back, durably, and
//   everything from there on is sent again.
// - What is read and not yet confirmed is bounded, in records, messages and bytes; beyond that nothing is read.
// - The next read is under way while the records of the last are sent, when there is more for certain.
//
// One thread at a time, but for counters(). step(), revoke() and finish() throw StoreError and KafkaError; nothing is lost
// by that: call step() again, or make a new relay.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "events/event_store.h"
#include "outbox-relay/broker.h"
#include "outbox-relay/cursor.h"
#include "outbox-relay/log_tail.h"
#include "outbox-relay/pace.h"
#include "outbox-relay/window.h"
#include "runtime/clock.h"

namespace ordersaga::relay {

struct RelayOptions {
  // Of all shards: messages and records, and their bytes. More would only leave the processor's caches (docs/benchmarks.md).
  // REQUIRES: max_in_flight_bytes ≥ kLeastBytes.
  std::size_t max_in_flight = 10'000;
  std::size_t max_in_flight_bytes = 64 << 20;
  std::size_t read_limit = 300;  // records of one shard in one read
  PaceLimits pace{};
  std::chrono::milliseconds save_every{500};
  std::chrono::milliseconds lag_every{1'000};
  std::chrono::milliseconds first_retry{100};
  std::chrono::milliseconds last_retry{5'000};
};

struct RelayCounters {
  std::atomic<std::uint64_t> from_memory{0};      // records read there, appended by this process a moment ago (recent_tail.h)
  std::atomic<std::uint64_t> from_store{0};       // the other records that were read
  std::atomic<std::uint64_t> published{0};        // records confirmed on all their topics
  std::atomic<std::uint64_t> messages{0};         // acknowledged
  std::atomic<std::uint64_t> dropped_replies{0};  // refused by their topic
  std::atomic<std::uint64_t> expired{0};          // older than their topic's retention
  std::atomic<std::uint64_t> restarts{0};         // producers dropped
  std::atomic<std::uint64_t> republished{0};      // times that an operator had a shard published again
  std::atomic<std::uint64_t> losses{0};           // times that a topic had not what the cursor said
  std::atomic<std::int64_t> halted_shards{0};
  std::atomic<std::int64_t> assigned_shards{0};
  std::atomic<std::int64_t> in_flight{0};
  std::atomic<std::int64_t> backlog{0};  // records of the assigned shards that are not confirmed
  std::atomic<std::int64_t> oldest_age_millis{0};
};

struct Progress {
  std::size_t read = 0;       // records
  std::size_t confirmed = 0;  // records
  bool in_flight = false;     // deliveries are awaited
  bool idle = false;          // there is nothing to do until the log grows or time passes
  // How long there is nothing to do, unless the log grows or deliveries come.
  std::chrono::microseconds rest{0};
};

class Relay {
 public:
  // All must outlive this. `tail`: the fast way to the store's records; null: by the store itself.
  Relay(events::EventStore& store, Broker& broker, CursorStore& cursors, const runtime::Clock& clock, RelayOptions options = {},
        LogTail* tail = nullptr);

  void assign(Shard shard);
  // Saves the cursor. What is in flight may still arrive.
  void revoke(Shard shard);

  // One round: resume a shard, read, send, take deliveries (waiting for them up to `max_wait` when there is nothing else to
  // do), save cursors that are due.
  Progress step(std::chrono::milliseconds max_wait);

  // The log grew: the next step reads. For who commits in the same process. With a tail that is told as well what was
  // appended, only a look now and then asks the store for the rest (TailQuestion, pace.h).
  void wake() { pace_.wake(); }

  // Reads nothing more, waits for what is in flight up to `limit`, saves all cursors.
  void finish(std::chrono::milliseconds limit);

  // Any thread.
  const RelayCounters& counters() const { return counters_; }
  // Of records that were read and are not confirmed. Only between steps.
  std::size_t held_bytes() const;
  // Shards that halted, and why. Only between steps.
  const std::map<Shard, std::string>& halted() const { return halted_; }

 private:
  enum class Phase {
    resuming,
    running,
    halted,  // what was read before is still sent
  };
  struct ShardState {
    Phase phase = Phase::resuming;
    Window window;
    Position taken;                // records up to here were read; those above window.added() are in batch_
    bool more = true;              // there may be more of them; nobody need tell
    std::uint64_t life = 0;        // of the window; fates of messages of another mean nothing
    std::optional<Cursor> cursor;  // the last that was taken from the window
    bool saved = false;            // `cursor` is
  };
  struct Sent {
    Shard shard;
    std::uint64_t life;
    Position position;
    Kind kind;
    bool open;  // its fate is
  };
  struct Outgoing {
    Shard shard;
    Position position;
    Composer::Composed message;
  };
  using Micros = std::chrono::microseconds;

  bool have_producer();
  bool resume_one();  // false: no shard waits for it
  std::optional<TailQuestion> next_question() const;
  bool ask();  // false: there is no room, or nobody to ask for
  std::size_t take_answer();
  void drop_unsent(Shard shard);
  bool has_unsent() const { return next_unsent_ < batch_.size() || has_outgoing(); }
  bool has_outgoing() const { return next_outgoing_ < outgoing_.size(); }
  void send();
  bool send_outgoing();  // false: the producer's queue is full
  void begin_record(const events::RecordedEvent& record);
  void take_deliveries(std::chrono::milliseconds wait);
  void take(const runtime::kafka::Delivery& delivery);
  void settle(const Sent& sent, Window& window, const runtime::kafka::Delivery& delivery);
  void warn_of_dropped_reply(const Sent& sent, const runtime::kafka::Delivery& delivery);
  void restart(const std::string& why);
  void halt(Shard shard, ShardState& state, const std::string& why);
  // Takes the cursor from the window.
  void update_cursor(Shard shard, ShardState& state) const;
  void save(bool now);
  void measure(bool now);
  void serve_operators();
  void count_shards();
  bool may_read() const;
  Micros rest() const;
  std::size_t in_flight() const;

  events::EventStore& store_;
  Broker& broker_;
  CursorStore& cursors_;
  const runtime::Clock& clock_;
  const RelayOptions options_;
  RelayCounters counters_;

  std::map<Shard, ShardState> shards_;
  std::map<Shard, std::string> halted_;
  std::map<Shard, std::string> shown_halts_;            // as operators see them
  std::vector<Shard> shown_for_;                        // of these shards
  std::unique_ptr<runtime::kafka::Producer> producer_;  // Use::log
  std::unique_ptr<runtime::kafka::Producer> replies_;   // Use::replies; is there when producer_ is
  std::string cluster_id_;
  Epoch epoch_;
  std::vector<events::EpochStart> epoch_starts_;
  StoreTail store_tail_;
  LogTail& tail_;
  TailQuestion asked_;                        // what is awaited, or was last
  std::vector<Shard> stale_;                  // shards whose records in the awaited answer are to be dropped
  std::size_t turn_ = 0;                      // which shard asks first
  std::vector<Shard> dropped_;                // of batch_, what is not sent
  std::vector<events::RecordedEvent> batch_;  // the last answer
  std::size_t batch_bytes_ = 0;
  std::size_t next_unsent_ = 0;
  Composer composer_;
  std::vector<Outgoing> outgoing_;  // of the record before next_unsent_
  std::size_t next_outgoing_ = 0;
  Ring<Sent> sent_;  // numbered by token
  std::uint64_t next_life_ = 0;
  std::vector<runtime::kafka::Delivery> deliveries_;
  Micros retry_at_{0};
  Micros retry_delay_{0};  // 0: the last producer delivered
  Micros saved_at_{0};
  Micros measured_at_{0};
  Micros warned_at_{0};
  Pace pace_;
};

}  // namespace ordersaga::relay
