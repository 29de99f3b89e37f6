#include "tests/simulation/world.h"

#include <algorithm>

#include "events/errors.h"

namespace ordersaga::simulation {
namespace {

constexpr int kMaxDepth = 3;
constexpr Duration kLongestIdle = 400ms;

}  // namespace

World::World(std::uint64_t seed, FaultSet faults, double factor, int shards) : random_(seed), faults_(random_, faults, factor) {
  events::MemoryLog::Options options;
  options.shards = shards;
  options.clock = [this] { return wall(); };
  options.hooks.at_commit = [this](const events::TurnWrite&) { return fate(); };
  log_ = std::make_unique<events::MemoryLog>(std::move(options));
}

events::CommitFate World::fate() {
  using events::CommitFate;
  if (faults_.fires(Fault::commit_refused)) return CommitFate::refused;
  if (faults_.fires(Fault::commit_lost)) return CommitFate::lost;
  if (faults_.fires(Fault::commit_unheard)) return CommitFate::unheard;
  if (!faults_.fires(Fault::commit_in_flight)) return CommitFate::done;
  bool applied = random_.chance(0.5);
  after(random_.between(1ms, 8s), [this, applied] { log_->resolve_in_flight(0, applied); });
  return CommitFate::in_flight;
}

void World::at(Duration when, std::function<void()> what) {
  queue_.push({std::max(when, now_), events_++, std::move(what)});
}

void World::add(std::unique_ptr<Node> node) {
  nodes_.push_back(std::move(node));
  boot(*nodes_.back());
}

void World::boot(Node& node) {
  ++node.life_;
  node.doomed_ = false;
  node.stalled_until_ = {};
  trace(node.name());
  running_.push_back(&node);
  ++node.running_;
  bool crashed = false;
  try {
    node.boot();
    node.alive_ = true;
  } catch (const Crash&) {
    crashed = true;
  }
  --node.running_;
  running_.pop_back();
  if (crashed) return end(node, true);
  node.idle_for_.assign(node.actors(), Duration{});
  for (std::size_t a = 0; a < node.actors(); ++a) schedule(node, a, random_.between(0us, 2ms));
}

void World::end(Node& node, bool abrupt) {
  trace("end");
  if (abrupt) ++crashes_;
  node.alive_ = false;
  ++node.life_;
  node.destroy(abrupt);
  after(random_.chance(0.3) ? random_.between(1s, 30s) : random_.between(1ms, 500ms), [this, &node] { boot(node); });
}

void World::schedule(Node& node, std::size_t actor, Duration delay) {
  after(delay, [this, &node, actor, life = node.life_] { tick(node, actor, life); });
}

void World::tick(Node& node, std::size_t actor, std::uint64_t life) {
  if (node.life_ != life) return;
  if (now_ < node.stalled_until_) return schedule(node, actor, node.stalled_until_ - now_);
  if (faults_.fires(Fault::stall)) {
    node.stalled_until_ = now_ + random_.between(1s, 40s);
    return schedule(node, actor, node.stalled_until_ - now_);
  }
  if (actor == 0 && faults_.fires(Fault::zombie)) return schedule(node, actor, random_.between(1s, 40s));
  Duration delay = run_actor(node, actor);
  if (node.life_ == life) schedule(node, actor, delay);
}

Duration World::run_actor(Node& node, std::size_t actor) {
  ++steps_;
  trace(static_cast<std::uint64_t>(now_.count()) << 8 | actor);
  running_.push_back(&node);
  ++node.running_;
  bool crashed = false, restart = false;
  Node::Pace pace = Node::Pace::try_later;
  try {
    pace = node.run(actor);
  } catch (const Crash&) {
    crashed = true;
  } catch (const events::StoreError&) {
    restart = true;  // what a role does not handle ends it; it begins again
  } catch (const std::exception& e) {
    fail(node.name() + " threw: " + e.what());
    restart = true;
  }
  --node.running_;
  running_.pop_back();
  trace(static_cast<std::uint64_t>(pace));
  if (crashed) node.doomed_ = true;
  if (node.doomed_ && node.running_ == 0) {
    end(node, true);
    return {};
  }
  if (restart) {
    end(node, false);
    return {};
  }
  Duration& idle = node.idle_for_[actor];
  switch (pace) {
    case Node::Pace::busy:
      idle = {};
      return random_.between(50us, 3ms);
    case Node::Pace::try_later:
      idle = {};
      return random_.between(5ms, 300ms);
    case Node::Pace::idle:
      break;
  }
  idle = std::min<Duration>(kLongestIdle, idle * 2 + 2ms);
  return random_.between(idle / 2, idle);
}

void World::may_crash() {
  if (running_.empty()) return;
  Node& node = *running_.back();
  if (!node.alive_ || !faults_.fires(Fault::crash)) return;
  throw Crash();
}

void World::may_interleave() {
  if (running_.empty() || running_.size() >= kMaxDepth || !faults_.fires(Fault::interleave)) return;
  Node& other = *nodes_[random_.below(nodes_.size())];
  if (!other.alive_ || other.running_ > 0 || now_ < other.stalled_until_) return;
  static_cast<void>(run_actor(other, random_.below(other.actors())));
}

void World::run(Duration until, const std::function<bool()>& stop) {
  while (!queue_.empty() && queue_.top().when <= until && failures_.empty()) {
    now_ = queue_.top().when;
    std::function<void()> what = std::move(const_cast<Event&>(queue_.top()).what);
    queue_.pop();
    what();
    if (stop()) return;
  }
  if (failures_.empty()) now_ = until;
}

void World::close() {
  nodes_.clear();
  queue_ = {};
}

void World::trace(std::string_view what) {
  for (char c : what) trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
}

void World::trace(std::uint64_t what) {
  trace_ = (trace_ ^ what) * 1099511628211ULL;
  trace_ ^= trace_ >> 29;
}

}  // namespace ordersaga::simulation
