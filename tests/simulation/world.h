// A simulated world: one clock, one queue of what happens when, one source of randomness, and processes that crash.
//
// One thread runs everything. Processes are the real shells over simulated ports; a port ends its process by throwing Crash.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "events/memory_log.h"
#include "runtime/clock.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/seeded_random.h"

namespace ordersaga::simulation {

using namespace std::chrono_literals;

// Thrown by a port; not a std::exception, so that nobody takes it for a failure that can be handled.
struct Crash {};

class World;

// A process of the system under test, again and again: it is made, runs in steps, crashes, and is made anew.
class Node {
 public:
  // How soon an actor wants to run again.
  enum class Pace : std::uint8_t { busy, idle, try_later };

  Node(World& world, std::string name) : world_(world), name_(std::move(name)) {}
  virtual ~Node() = default;

  const std::string& name() const { return name_; }
  bool alive() const { return alive_; }
  // What runs concurrently in the process: its dispatcher, its lanes.
  virtual std::size_t actors() const = 0;

 protected:
  virtual void boot() = 0;
  // `abrupt`: nobody is told.
  virtual void destroy(bool abrupt) = 0;
  virtual Pace run(std::size_t actor) = 0;
  World& world_;

 private:
  friend class World;
  const std::string name_;
  bool alive_ = false;
  int running_ = 0;  // actors on the stack
  bool doomed_ = false;
  std::uint64_t life_ = 0;
  Duration stalled_until_{};  // all actors
  std::vector<Duration> idle_for_;
};

class World {
 public:
  World(std::uint64_t seed, FaultSet faults, double factor, int shards);

  SeededRandom& random() { return random_; }
  Faults& faults() { return faults_; }
  events::MemoryLog& log() { return *log_; }
  int shards() const { return log_->shards(); }

  // Since the beginning.
  Duration now() const { return now_; }
  Timestamp wall() const { return kEpoch + now_; }
  void at(Duration when, std::function<void()> what);
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  // Adds a node and boots it.
  void add(std::unique_ptr<Node> node);
  // Crashes the process that is running, sometimes. For ports.
  void may_crash();
  // Lets another process run an actor, sometimes. For ports, in the middle of a transaction.
  void may_interleave();

  // Runs until `until` or until `stop` says so, which is asked after every event.
  void run(Duration until, const std::function<bool()>& stop);
  void heal() { faults_.heal(); }
  // Ends all processes and forgets what was to happen. REQUIRES: nothing runs.
  void close();

  // What went wrong beyond repair: exceptions that no process may throw.
  const std::vector<std::string>& failures() const { return failures_; }
  void fail(std::string why) { failures_.push_back(std::move(why)); }

  // A hash of everything that happened.
  void trace(std::string_view what);
  void trace(std::uint64_t what);
  std::uint64_t trace_hash() const { return trace_; }
  std::uint64_t steps() const { return steps_; }
  std::uint64_t crashes() const { return crashes_; }

 private:
  static constexpr Timestamp kEpoch{std::chrono::hours(24 * 365 * 56)};
  struct Event {
    Duration when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const Event& o) const { return when != o.when ? when > o.when : order > o.order; }
  };

  events::CommitFate fate();
  void schedule(Node& node, std::size_t actor, Duration delay);
  void tick(Node& node, std::size_t actor, std::uint64_t life);
  Duration run_actor(Node& node, std::size_t actor);
  void boot(Node& node);
  void end(Node& node, bool abrupt);

  SeededRandom random_;
  Faults faults_;
  Duration now_{1'000'000};
  std::unique_ptr<events::MemoryLog> log_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
  std::uint64_t events_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Node*> running_;  // the stack
  std::vector<std::string> failures_;
  std::uint64_t trace_ = 14695981039346656037ULL;
  std::uint64_t steps_ = 0;
  std::uint64_t crashes_ = 0;
};

// A process' own clock: right, but for its offset.
class NodeClock final : public runtime::Clock {
 public:
  explicit NodeClock(World& world) : world_(world) {}
  runtime::WallTime now() const override { return world_.wall() + (world_.faults().healed() ? Duration{} : offset); }
  std::chrono::microseconds steady() const override { return world_.now(); }
  Duration offset{};

 private:
  World& world_;
};

}  // namespace ordersaga::simulation
