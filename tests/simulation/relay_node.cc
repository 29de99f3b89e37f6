#include <utility>

#include "events/errors.h"
#include "outbox-relay/recent_tail.h"
#include "outbox-relay/relay.h"
#include "runtime/kafka/client.h"
#include "tests/simulation/system.h"

namespace ordersaga::simulation {
namespace {

// The mutant that takes for acknowledged what was not.
class DeafProducer final : public kafka::Producer {
 public:
  explicit DeafProducer(std::unique_ptr<kafka::Producer> inner) : inner_(std::move(inner)) {}
  bool produce(const kafka::OutgoingMessage& message, std::uint64_t token) override { return inner_->produce(message, token); }
  void poll(std::chrono::milliseconds timeout, std::vector<kafka::Delivery>& out) override {
    inner_->poll(timeout, out);
    for (kafka::Delivery& d : out) {
      std::int64_t& last = last_[d.partition];
      if (!d.error.empty()) {
        d.error.clear();
        d.offset = last;
      }
      last = std::max(last, d.offset) + 1;
    }
  }
  std::size_t in_flight() const override { return inner_->in_flight(); }

 private:
  std::unique_ptr<kafka::Producer> inner_;
  std::map<std::int32_t, std::int64_t> last_;
};

class SimBroker final : public relay::Broker {
 public:
  SimBroker(World& world, Bus& bus, Mutant mutant) : world_(world), bus_(bus), mutant_(mutant), reader_(world, bus) {}
  std::unique_ptr<kafka::Producer> new_producer(relay::Use use) override {
    world_.may_crash();
    auto producer = std::make_unique<SimProducer>(world_, bus_, use == relay::Use::log);
    if (mutant_ == Mutant::deaf_producer) return std::make_unique<DeafProducer>(std::move(producer));
    return producer;
  }
  kafka::PartitionReader& reader() override { return reader_; }
  std::string cluster_id() override {
    world_.may_crash();
    if (world_.faults().fires(Fault::broker_away)) throw kafka::KafkaError("simulated: no broker");
    return "simulated";
  }

 private:
  World& world_;
  Bus& bus_;
  const Mutant mutant_;
  SimReader reader_;
};

class SimCursors final : public relay::CursorStore {
 public:
  SimCursors(World& world, relay::CursorStore& shared) : world_(world), shared_(shared) {}
  std::optional<relay::Cursor> load(Shard shard) override {
    suffer();
    return shared_.load(shard);
  }
  void save(std::span<const relay::Cursor> cursors) override {
    suffer();
    shared_.save(cursors);
    world_.may_crash();
  }
  std::vector<relay::Cursor> rewind(std::span<const Shard> shards, Epoch epoch, const std::string& cluster_id) override {
    return shared_.rewind(shards, epoch, cluster_id);
  }
  void show_halts(std::span<const Shard> shards, const std::map<Shard, std::string>& halted) override {
    shared_.show_halts(shards, halted);
  }

 private:
  void suffer() {
    world_.may_crash();
    if (world_.faults().fires(Fault::cursor_failed)) throw events::StoreUnavailable("simulated: the connection is gone");
  }
  World& world_;
  relay::CursorStore& shared_;
};

}  // namespace

struct RelayNode::Process {
  Process(Surroundings& surroundings, Handover* handover)
      : around(surroundings),
        clock(around.world),
        member(around.world, around.bus, around.relays, false),
        log(around.world, around.mutant),
        broker(around.world, around.bus, around.mutant),
        cursors(around.world, around.cursors),
        in_store(log),
        tail(handover == nullptr ? none : handover->records, in_store, clock),
        relay(log, broker, cursors, clock, options(around.world.random()), &tail) {}

  static relay::RelayOptions options(SeededRandom& random) {
    relay::RelayOptions o;
    o.max_in_flight = 1 + random.below(300);
    o.read_limit = 1 + random.below(100);
    return o;
  }

  ~Process() {
    around.from_memory += relay.counters().from_memory;
    around.from_store += relay.counters().from_store;
  }

  Surroundings& around;
  NodeClock clock;
  SimConsumer member;
  SimStore log;
  SimBroker broker;
  SimCursors cursors;
  events::RecentRecords none{0};
  relay::StoreTail in_store;
  relay::RecentTail tail;
  relay::Relay relay;
};

RelayNode::RelayNode(Surroundings& around, std::string name, Handover* handover)
    : Node(around.world, std::move(name)), around_(around), handover_(handover) {}
RelayNode::~RelayNode() = default;

void RelayNode::boot() {
  process_ = std::make_unique<Process>(around_, handover_);
}

void RelayNode::destroy(bool abrupt) {
  if (process_ && abrupt) process_->member.crash();
  process_.reset();
}

// As the role does it; a StoreError ends the process, and it begins again.
Node::Pace RelayNode::run(std::size_t) {
  try {
    for (const kafka::Rebalance& change : process_->member.poll(1, 0ms).rebalances) {
      for (std::int32_t partition : change.partitions) {
        Shard shard(static_cast<std::int16_t>(partition));
        if (change.assigned)
          process_->relay.assign(shard);
        else
          process_->relay.revoke(shard);
      }
    }
    if (handover_ != nullptr && std::exchange(handover_->log_grew, false)) process_->relay.wake();
    bool idle = process_->relay.step(0ms).idle;
    if (!process_->relay.halted().empty()) world_.fail("a relay halted: " + process_->relay.halted().begin()->second);
    return idle ? Pace::idle : Pace::busy;
  } catch (const kafka::KafkaError& e) {
    throw events::StoreUnavailable(e.what());
  }
}

}  // namespace ordersaga::simulation
