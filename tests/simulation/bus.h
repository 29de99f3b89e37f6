// Kafka, simulated: partitions, a consumer group with its zombies, producers whose acknowledgements get lost.
//
// What it keeps of Kafka's promises: order in a partition, acknowledgements in order, delivery again from the last committed
// offset, one living owner of a partition at a time. What it does not: everything else.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/kafka/bus.h"
#include "tests/simulation/world.h"

namespace ordersaga::simulation {

namespace kafka = ordersaga::runtime::kafka;

// One consumer group on one topic.
class Group {
 public:
  Group(World& world, std::string topic, int partitions)
      : world_(world), topic_(std::move(topic)), committed_(static_cast<std::size_t>(partitions), 0) {}

  std::uint64_t join();
  void leave(std::uint64_t member);                                        // at once
  void abandon(std::uint64_t member) { members_.at(member).dead = true; }  // noticed later
  void shuffle();

  const std::string& topic() const { return topic_; }
  std::int64_t committed(int partition) const { return committed_.at(static_cast<std::size_t>(partition)); }
  int partitions() const { return static_cast<int>(committed_.size()); }

 private:
  friend class SimConsumer;
  struct Member {
    std::set<int> holds;
    Duration last_poll{};
    bool expired = false;  // others own its partitions; it learns of that at its next poll
    bool dead = false;
    std::map<int, std::int64_t> position;
    std::map<int, std::int64_t> uncommitted;
    std::set<int> paused;
  };
  void expire();
  void rebalance();
  bool is_free(int partition) const;

  World& world_;
  const std::string topic_;
  std::vector<std::int64_t> committed_;
  std::map<std::uint64_t, Member> members_;
  std::vector<std::uint64_t> target_;  // owner of each partition; 0: none
  std::uint64_t last_member_ = 0;
};

class Bus {
 public:
  explicit Bus(World& world) : world_(world) {}

  void create(const std::string& topic, int partitions);
  bool has(const std::string& topic) const { return topics_.contains(topic); }
  int partitions(const std::string& topic) const { return static_cast<int>(topics_.at(topic).size()); }
  // Returns the offset.
  std::int64_t append(const kafka::OutgoingMessage& message, int partition);
  const std::vector<kafka::ConsumedMessage>& messages(const std::string& topic, int partition) const {
    return topics_.at(topic).at(static_cast<std::size_t>(partition));
  }
  int partition_of(const kafka::OutgoingMessage& message) const;

 private:
  World& world_;
  std::map<std::string, std::vector<std::vector<kafka::ConsumedMessage>>> topics_;
};

class SimConsumer final : public kafka::Consumer {
 public:
  // `reads` false: a member that is only assigned partitions.
  SimConsumer(World& world, Bus& bus, Group& group, bool reads = true)
      : world_(world), bus_(bus), group_(group), reads_(reads), id_(group.join()) {}
  ~SimConsumer() override;
  // Whether Kafka cannot be reached from here; who asks is cut off by chance. For members that know what to do then.
  bool brokers_down();
  // Instead of leaving, it is found to be dead.
  void crash() { crashed_ = true; }

  kafka::Polled poll(std::size_t max, std::chrono::milliseconds timeout) override;
  void commit(std::string_view topic, std::int32_t partition, std::int64_t next_offset) override;
  void pause(std::string_view topic, std::int32_t partition) override;
  void resume(std::string_view topic, std::int32_t partition) override;
  void seek(std::string_view topic, std::int32_t partition, std::int64_t offset) override;

 private:
  Group::Member& me() { return group_.members_.at(id_); }
  bool is_cut_off() const { return world_.now() < cut_off_until_ && !world_.faults().healed(); }
  void flush(Group::Member& m, int partition);
  void follow(kafka::Polled& polled);

  World& world_;
  Bus& bus_;
  Group& group_;
  const bool reads_;
  const std::uint64_t id_;
  Duration cut_off_until_{};
  bool crashed_ = false;
};

class SimProducer final : public kafka::Producer {
 public:
  // gapless: after the first that fails, nothing more is written.
  SimProducer(World& world, Bus& bus, bool gapless = false);
  // Part of what was produced may still arrive.
  ~SimProducer() override;

  bool produce(const kafka::OutgoingMessage& message, std::uint64_t token) override;
  void poll(std::chrono::milliseconds timeout, std::vector<kafka::Delivery>& out) override;
  std::size_t in_flight() const override { return state_->open; }

 private:
  struct Sent {
    kafka::OutgoingMessage message;
    std::uint64_t token;
  };
  struct Lane {  // to one partition
    std::deque<Sent> network;
    Duration last_arrival{};
    std::size_t lost_after = static_cast<std::size_t>(-1);  // messages that still arrive
    bool failing = false;
  };
  struct Acknowledged {
    Duration when;
    kafka::Delivery delivery;
  };
  // Lives on in the network when the producer is gone.
  struct State {
    std::map<std::pair<std::string, int>, Lane> lanes;
    std::deque<Acknowledged> acknowledged;
    std::size_t open = 0;
    bool gapless = false;
    bool fatal = false;
    Duration last_ack{};
  };
  static void arrive(World& world, Bus& bus, State& state, const std::pair<std::string, int>& to);

  World& world_;
  Bus& bus_;
  std::shared_ptr<State> state_;  // shared: with the messages that are on their way
};

class SimReader final : public kafka::PartitionReader {
 public:
  SimReader(World& world, Bus& bus) : world_(world), bus_(bus) {}
  Watermarks watermarks(std::string_view topic, std::int32_t partition) override;
  std::vector<kafka::ConsumedMessage> read(std::string_view topic, std::int32_t partition, std::int64_t offset, std::size_t max) override;

 private:
  World& world_;
  Bus& bus_;
};

}  // namespace ordersaga::simulation
