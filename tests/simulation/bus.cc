#include "tests/simulation/bus.h"

#include <algorithm>

#include "runtime/kafka/client.h"

namespace ordersaga::simulation {
namespace {

constexpr Duration kSessionTimeout = 10s;
constexpr std::size_t kProducerQueue = 1'000;

}  // namespace

std::uint64_t Group::join() {
  std::uint64_t id = ++last_member_;
  members_[id].last_poll = world_.now();
  rebalance();
  return id;
}

void Group::leave(std::uint64_t member) {
  members_.erase(member);
  rebalance();
}

void Group::shuffle() {
  if (members_.empty()) return;
  std::vector<std::uint64_t> alive;
  for (const auto& [id, m] : members_)
    if (!m.expired) alive.push_back(id);
  if (alive.empty()) return;
  for (std::uint64_t& owner : target_) owner = alive[world_.random().below(alive.size())];
}

void Group::rebalance() {
  std::vector<std::uint64_t> alive;
  for (const auto& [id, m] : members_)
    if (!m.expired) alive.push_back(id);
  target_.assign(committed_.size(), 0);
  if (alive.empty()) return;
  for (std::size_t p = 0; p < target_.size(); ++p) target_[p] = alive[p * alive.size() / target_.size()];
}

void Group::expire() {
  bool changed = false;
  for (auto at = members_.begin(); at != members_.end();) {
    Member& m = at->second;
    if (!m.expired && world_.now() - m.last_poll > kSessionTimeout) {
      m.expired = true;
      changed = true;
    }
    at = m.expired && m.dead ? members_.erase(at) : std::next(at);
  }
  if (changed) rebalance();
}

bool Group::is_free(int partition) const {
  return std::ranges::none_of(members_, [&](const auto& m) { return !m.second.expired && m.second.holds.contains(partition); });
}

void Bus::create(const std::string& topic, int partitions) {
  topics_[topic].resize(static_cast<std::size_t>(partitions));
}

int Bus::partition_of(const kafka::OutgoingMessage& message) const {
  if (message.partition >= 0) return message.partition;
  return shard_of(message.key.value_or(""), partitions(message.topic)).value;
}

std::int64_t Bus::append(const kafka::OutgoingMessage& message, int partition) {
  auto& to = topics_.at(message.topic).at(static_cast<std::size_t>(partition));
  kafka::ConsumedMessage m;
  m.topic = message.topic;
  m.partition = partition;
  m.offset = static_cast<std::int64_t>(to.size());
  m.timestamp = std::chrono::floor<std::chrono::milliseconds>(world_.wall());
  m.key = message.key;
  m.value = message.value;
  m.headers = message.headers;
  world_.trace(message.topic);
  world_.trace(m.value);
  to.push_back(std::move(m));
  return to.back().offset;
}

SimConsumer::~SimConsumer() {
  if (crashed_ && world_.random().chance(0.7))
    group_.abandon(id_);
  else
    group_.leave(id_);
}

void SimConsumer::flush(Group::Member& m, int partition) {
  auto found = m.uncommitted.find(partition);
  if (found == m.uncommitted.end()) return;
  if (world_.faults().fires(Fault::offsets_forgotten)) return;  // until the next time, if there is one
  group_.committed_[static_cast<std::size_t>(partition)] = found->second;
  m.uncommitted.erase(found);
}

void SimConsumer::follow(kafka::Polled& polled) {
  Group::Member& m = me();
  if (m.expired) {
    if (!m.holds.empty()) polled.rebalances.push_back({false, group_.topic_, {m.holds.begin(), m.holds.end()}});
    m = Group::Member{};
    m.last_poll = world_.now();
    group_.rebalance();
    return;
  }
  kafka::Rebalance revoked{false, group_.topic_, {}}, assigned{true, group_.topic_, {}};
  for (int p = 0; p < group_.partitions(); ++p) {
    bool mine = group_.target_[static_cast<std::size_t>(p)] == id_;
    if (m.holds.contains(p) && !mine) {
      flush(m, p);
      m.uncommitted.erase(p);
      m.holds.erase(p);
      m.paused.erase(p);
      revoked.partitions.push_back(p);
    } else if (!m.holds.contains(p) && mine && group_.is_free(p)) {
      m.holds.insert(p);
      m.position[p] = group_.committed(p);
      assigned.partitions.push_back(p);
    }
  }
  if (!revoked.partitions.empty()) polled.rebalances.push_back(std::move(revoked));
  if (!assigned.partitions.empty()) polled.rebalances.push_back(std::move(assigned));
}

bool SimConsumer::brokers_down() {
  if (!is_cut_off() && world_.faults().fires(Fault::cut_off)) cut_off_until_ = world_.now() + world_.random().between(1s, 90s);
  return is_cut_off();
}

kafka::Polled SimConsumer::poll(std::size_t max, std::chrono::milliseconds) {
  world_.may_crash();
  kafka::Polled polled;
  if (is_cut_off()) {
    // Its session ends here when it ends there.
    group_.expire();
    std::set<int> lost = me().expired ? std::exchange(me().holds, {}) : std::set<int>{};
    if (!lost.empty()) polled.rebalances.push_back({false, group_.topic_, {lost.begin(), lost.end()}});
    return polled;
  }
  me().last_poll = world_.now();
  group_.expire();
  follow(polled);
  Group::Member& m = me();
  m.last_poll = world_.now();
  std::size_t limit = std::min(max, 1 + world_.random().below(50));
  for (int p : m.holds) {
    if (world_.random().chance(0.3)) flush(m, p);
    if (!reads_ || m.paused.contains(p)) continue;
    const auto& from = bus_.messages(group_.topic_, p);
    std::int64_t& next = m.position[p];
    while (next < static_cast<std::int64_t>(from.size()) && polled.messages.size() < limit)
      polled.messages.push_back(from[static_cast<std::size_t>(next++)]);
  }
  return polled;
}

void SimConsumer::commit(std::string_view, std::int32_t partition, std::int64_t next_offset) {
  world_.may_crash();
  Group::Member& m = me();
  if (m.holds.contains(partition) && !m.expired) m.uncommitted[partition] = next_offset;
}

void SimConsumer::pause(std::string_view, std::int32_t partition) {
  if (me().holds.contains(partition)) me().paused.insert(partition);
}

void SimConsumer::resume(std::string_view, std::int32_t partition) {
  me().paused.erase(partition);
}

void SimConsumer::seek(std::string_view, std::int32_t partition, std::int64_t offset) {
  me().position[partition] = offset;
}

SimProducer::SimProducer(World& world, Bus& bus, bool gapless) : world_(world), bus_(bus), state_(std::make_shared<State>()) {
  state_->gapless = gapless;
}

SimProducer::~SimProducer() {
  for (auto& [to, lane] : state_->lanes) lane.lost_after = world_.random().below(lane.network.size() + 1);
}

bool SimProducer::produce(const kafka::OutgoingMessage& message, std::uint64_t token) {
  world_.may_crash();
  if (state_->open >= kProducerQueue || world_.faults().fires(Fault::queue_full)) return false;
  std::pair to(message.topic, bus_.partition_of(message));
  Lane& lane = state_->lanes[to];
  lane.network.push_back({message, token});
  ++state_->open;
  Duration takes = world_.faults().fires(Fault::slow_delivery) ? world_.random().between(100ms, 20s) : world_.random().between(200us, 10ms);
  lane.last_arrival = std::max(lane.last_arrival, world_.now() + takes);
  world_.at(lane.last_arrival, [&world = world_, &bus = bus_, state = state_, to] { arrive(world, bus, *state, to); });
  return true;
}

void SimProducer::arrive(World& world, Bus& bus, State& state, const std::pair<std::string, int>& to) {
  Lane& lane = state.lanes.at(to);
  if (lane.network.empty()) return;
  Sent sent = std::move(lane.network.front());
  lane.network.pop_front();
  if (lane.lost_after == 0) return;
  bool orphan = lane.lost_after != static_cast<std::size_t>(-1);
  if (orphan) --lane.lost_after;
  kafka::Delivery delivery;
  delivery.token = sent.token;
  delivery.partition = to.second;
  if (lane.failing || state.fatal || (!orphan && world.faults().fires(Fault::failed_delivery))) {
    // The first may have been written all the same.
    if (!lane.failing && !state.fatal && world.random().chance(0.5)) bus.append(sent.message, to.second);
    delivery.error = "simulated: no answer from the leader";
    lane.failing = !lane.network.empty();
    state.fatal = state.gapless;
  } else {
    delivery.offset = bus.append(sent.message, to.second);
  }
  state.last_ack = std::max(state.last_ack, world.now() + world.random().between(100us, 10ms));
  state.acknowledged.push_back({state.last_ack, std::move(delivery)});
}

void SimProducer::poll(std::chrono::milliseconds, std::vector<kafka::Delivery>& out) {
  world_.may_crash();
  while (!state_->acknowledged.empty() && state_->acknowledged.front().when <= world_.now()) {
    out.push_back(std::move(state_->acknowledged.front().delivery));
    state_->acknowledged.pop_front();
    --state_->open;
  }
}

kafka::PartitionReader::Watermarks SimReader::watermarks(std::string_view topic, std::int32_t partition) {
  world_.may_crash();
  if (world_.faults().fires(Fault::broker_away)) throw kafka::KafkaError("simulated: no broker");
  return {0, static_cast<std::int64_t>(bus_.messages(std::string(topic), partition).size())};
}

std::vector<kafka::ConsumedMessage> SimReader::read(std::string_view topic, std::int32_t partition, std::int64_t offset, std::size_t max) {
  world_.may_crash();
  if (world_.faults().fires(Fault::broker_away)) throw kafka::KafkaError("simulated: no broker");
  const auto& all = bus_.messages(std::string(topic), partition);
  std::size_t limit = std::min(max, 1 + world_.random().below(200));
  std::vector<kafka::ConsumedMessage> out;
  for (auto o = static_cast<std::size_t>(std::max<std::int64_t>(0, offset)); o < all.size() && out.size() < limit; ++o)
    out.push_back(all[o]);
  return out;
}

}  // namespace ordersaga::simulation
