// The simulated warehouse: consumes events and packs each shipment that was created, after a while, at a limited rate.
//
// A parcel's event is committed when its command is acknowledged, so none is forgotten; who takes a partition over may
// pack a parcel once more, with the same command id.
//
// One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/clock.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::simulators::warehouse {

struct Options {
  // From the event to its command.
  std::chrono::milliseconds delay{};
  // Parcels a second; 0: no limit.
  std::int64_t rate = 0;
  // Parcels in the house; when there are more, nothing is read until half of them are gone.
  std::size_t max_waiting = 10'000;
};

class Warehouse {
 public:
  // All three outlive this.
  Warehouse(runtime::kafka::Consumer& consumer, runtime::kafka::Producer& producer, const runtime::Clock& clock, Options options);

  // Takes events for at most `timeout`, and sends the commands that are due. Throws std::runtime_error when a command is
  // refused for good. A ShipmentCreated that cannot be read is logged and left out.
  void step(std::chrono::milliseconds timeout);

  // Parcels whose command is not acknowledged yet.
  std::size_t waiting() const { return waiting_; }
  std::uint64_t packed() const { return packed_; }

 private:
  using Place = std::pair<std::string, std::int32_t>;  // topic and partition

  struct Parcel {
    Place place;
    std::int64_t offset;
    std::uint64_t assignment;  // of its partition, when it was read
    std::chrono::microseconds due;
    runtime::kafka::OutgoingMessage command;
  };
  struct Partition {
    std::uint64_t assignment;
    std::int64_t next_offset = -1;    // one past the last event that was read
    std::deque<std::int64_t> open{};  // offsets of parcels that are not packed, ascending
    bool changed = false;             // something new to commit
  };

  void rebalance(const runtime::kafka::Rebalance& change);
  void take(runtime::kafka::ConsumedMessage message);
  void send_due();
  void settle(const runtime::kafka::Delivery& delivery);
  void done(const Parcel& parcel);
  void commit();
  void pause_or_resume();

  runtime::kafka::Consumer& consumer_;
  runtime::kafka::Producer& producer_;
  const runtime::Clock& clock_;
  const Options options_;
  std::map<Place, Partition> partitions_;              // assigned
  std::deque<Parcel> shelf_;                           // in the order of `due`
  std::unordered_map<std::uint64_t, Parcel> sending_;  // by token
  std::vector<runtime::kafka::Delivery> deliveries_;
  std::uint64_t assignments_ = 0;
  std::uint64_t tokens_ = 0;
  std::uint64_t packed_ = 0;
  std::size_t waiting_ = 0;
  std::chrono::microseconds next_slot_{};  // when the rate allows the next parcel
  bool paused_ = false;
};

}  // namespace ordersaga::simulators::warehouse
