#include "tools/simulators/warehouse/warehouse.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "runtime/log.h"
#include "tools/simulators/warehouse/pack_command.h"

namespace ordersaga::simulators::warehouse {

using namespace std::chrono_literals;
using runtime::kafka::Delivery;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {
constexpr std::size_t kPollMax = 1'000;
}

Warehouse::Warehouse(runtime::kafka::Consumer& consumer, runtime::kafka::Producer& producer, const runtime::Clock& clock, Options options)
    : consumer_(consumer), producer_(producer), clock_(clock), options_(options) {}

void Warehouse::step(milliseconds timeout) {
  if (!sending_.empty()) timeout = std::min(timeout, milliseconds(1));
  if (!shelf_.empty()) {
    microseconds next = std::max(shelf_.front().due, next_slot_) - clock_.steady();
    timeout = std::clamp(std::chrono::ceil<milliseconds>(next), 0ms, timeout);
  }
  runtime::kafka::Polled polled = consumer_.poll(kPollMax, timeout);
  for (const runtime::kafka::Rebalance& change : polled.rebalances) rebalance(change);
  for (runtime::kafka::ConsumedMessage& message : polled.messages) take(std::move(message));
  send_due();
  deliveries_.clear();
  producer_.poll(0ms, deliveries_);
  for (const Delivery& delivery : deliveries_) settle(delivery);
  commit();
  pause_or_resume();
}

void Warehouse::rebalance(const runtime::kafka::Rebalance& change) {
  for (std::int32_t n : change.partitions) {
    Place place{change.topic, n};
    partitions_.erase(place);
    if (change.assigned) partitions_.emplace(place, Partition{.assignment = ++assignments_});
    // A lost partition's parcels are its new owner's.
    auto lost = std::remove_if(shelf_.begin(), shelf_.end(), [&](const Parcel& p) { return p.place == place; });
    waiting_ -= static_cast<std::size_t>(shelf_.end() - lost);
    shelf_.erase(lost, shelf_.end());
    if (change.assigned && paused_) consumer_.pause(change.topic, n);
  }
}

void Warehouse::take(runtime::kafka::ConsumedMessage message) {
  Place place{message.topic, message.partition};
  auto it = partitions_.find(place);
  if (it == partitions_.end()) return;
  Partition& partition = it->second;
  partition.next_offset = message.offset + 1;
  partition.changed = true;
  std::optional<runtime::kafka::OutgoingMessage> command;
  try {
    command = pack_command(message);
  } catch (const std::invalid_argument& error) {
    // Nobody can pack it, today or tomorrow; the others need not wait for it.
    runtime::log::error("event cannot be read", {{"reason", error.what()}});
  }
  if (!command) return;
  partition.open.push_back(message.offset);
  ++waiting_;
  shelf_.push_back({std::move(place), message.offset, partition.assignment, clock_.steady() + options_.delay, std::move(*command)});
}

void Warehouse::send_due() {
  microseconds now = clock_.steady();
  microseconds slot = options_.rate > 0 ? microseconds(1s) / options_.rate : 0us;
  while (!shelf_.empty() && shelf_.front().due <= now && next_slot_ <= now) {
    std::uint64_t token = tokens_ + 1;
    if (!producer_.produce(shelf_.front().command, token)) return;  // its queue is full: next time
    tokens_ = token;
    sending_.emplace(token, std::move(shelf_.front()));
    shelf_.pop_front();
    // What was not used of the rate is lost after a second, so that a pause is not followed by a flood.
    next_slot_ = std::max(next_slot_, now - 1s) + slot;
  }
}

void Warehouse::settle(const Delivery& delivery) {
  auto it = sending_.find(delivery.token);
  if (it == sending_.end()) return;
  if (!delivery.error.empty()) throw std::runtime_error("the command was not taken: " + delivery.error);
  done(it->second);
  sending_.erase(it);
}

void Warehouse::done(const Parcel& parcel) {
  ++packed_;
  --waiting_;
  auto it = partitions_.find(parcel.place);
  if (it == partitions_.end() || it->second.assignment != parcel.assignment) return;
  std::deque<std::int64_t>& open = it->second.open;
  auto at = std::lower_bound(open.begin(), open.end(), parcel.offset);
  if (at != open.end() && *at == parcel.offset) open.erase(at);
  it->second.changed = true;
}

void Warehouse::commit() {
  for (auto& [place, partition] : partitions_) {
    if (!partition.changed) continue;
    partition.changed = false;
    consumer_.commit(place.first, place.second, partition.open.empty() ? partition.next_offset : partition.open.front());
  }
}

void Warehouse::pause_or_resume() {
  bool full = waiting_ > (paused_ ? options_.max_waiting / 2 : options_.max_waiting);
  if (full == paused_) return;
  paused_ = full;
  for (const auto& [place, partition] : partitions_) {
    if (paused_)
      consumer_.pause(place.first, place.second);
    else
      consumer_.resume(place.first, place.second);
  }
}

}  // namespace ordersaga::simulators::warehouse
