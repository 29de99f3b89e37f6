#include "events/errors.h"
#include "projections/all_projections.h"
#include "tests/simulation/system.h"

namespace ordersaga::simulation {
namespace {

using namespace ordersaga::projections;

// A session with the read models that fails now and then.
class SimReadTransaction final : public ReadTransaction {
 public:
  SimReadTransaction(World& world, Mutant mutant, const MemoryReadTables& tables, std::unique_ptr<ReadTransaction> inner)
      : world_(world), mutant_(mutant), tables_(tables), inner_(std::move(inner)) {}
  bool advance(std::span<const Advance> moves, Timestamp now) override {
    suffer();
    if (mutant_ != Mutant::checkpoint_ignored) return inner_->advance(moves, now);
    std::vector<Advance> forced(moves.begin(), moves.end());
    for (Advance& a : forced) a.from = tables_.checkpoints.at({a.projection, a.shard}).position;
    return inner_->advance(forced, now);
  }
  std::vector<Row> select(const Table& table, std::span<const Row> keys) override {
    suffer();
    return inner_->select(table, keys);
  }
  void insert(const RowBlock& rows) override {
    suffer();
    inner_->insert(rows);
  }
  void update(const RowBlock& rows) override {
    suffer();
    inner_->update(rows);
  }
  void upsert(const RowBlock& rows) override {
    suffer();
    inner_->upsert(rows);
  }
  void append(const Table& table, std::span<const Row> rows) override {
    suffer();
    inner_->append(table, rows);
  }
  void erase(const Table& table, std::span<const Row> keys) override {
    suffer();
    inner_->erase(table, keys);
  }
  void commit() override {
    suffer();
    inner_->commit();
    world_.may_crash();
    if (world_.faults().fires(Fault::read_store_failed)) throw events::CommitInDoubt("simulated: no answer to a commit");
  }

 private:
  void suffer() {
    world_.may_crash();
    if (world_.faults().fires(Fault::read_store_failed)) throw events::StoreUnavailable("simulated: the connection is gone");
  }
  World& world_;
  const Mutant mutant_;
  const MemoryReadTables& tables_;
  std::unique_ptr<ReadTransaction> inner_;
};

class SimReadStore final : public ReadStore {
 public:
  SimReadStore(World& world, Mutant mutant, MemoryReadTables& tables) : world_(world), mutant_(mutant), tables_(tables), inner_(tables) {}
  std::vector<Checkpoint> open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards, Epoch epoch,
                                           Timestamp now) override {
    suffer();
    std::vector<Checkpoint> all = inner_.open_checkpoints(projections, shards, epoch, now);
    // The mutant forgets how far it was, and nobody stops it.
    if (mutant_ == Mutant::checkpoint_ignored)
      for (Checkpoint& c : all) c.position = Position(0);
    return all;
  }
  void carry_over(std::span<const Checkpoint> checkpoints, Epoch to) override { inner_.carry_over(checkpoints, to); }
  std::unique_ptr<ReadTransaction> begin() override {
    suffer();
    return std::make_unique<SimReadTransaction>(world_, mutant_, tables_, inner_.begin());
  }
  std::unique_ptr<ReadSnapshot> snapshot() override { return inner_.snapshot(); }

 private:
  void suffer() {
    world_.may_crash();
    if (world_.faults().fires(Fault::read_store_failed)) throw events::StoreUnavailable("simulated: the connection is gone");
  }
  World& world_;
  const Mutant mutant_;
  const MemoryReadTables& tables_;
  MemoryReadStore inner_;
};

}  // namespace

struct ProjectorNode::Process {
  explicit Process(Surroundings& around)
      : clock(around.world),
        consumer(around.world, around.bus, around.projectors),
        log(around.world, around.mutant),
        store(around.world, around.mutant, around.tables),
        runner(consumer, log, store, clock, all_projections(), {.max_batch = 1 + around.world.random().below(100)}) {}

  NodeClock clock;
  SimConsumer consumer;
  SimStore log;
  SimReadStore store;
  Runner runner;
};

ProjectorNode::ProjectorNode(Surroundings& around, std::string name) : Node(around.world, std::move(name)), around_(around) {}
ProjectorNode::~ProjectorNode() = default;

void ProjectorNode::boot() {
  process_ = std::make_unique<Process>(around_);
}

void ProjectorNode::destroy(bool abrupt) {
  if (process_ && abrupt) process_->consumer.crash();
  process_.reset();
}

Node::Pace ProjectorNode::run(std::size_t) {
  try {
    std::size_t applied = process_->runner.step();
    if (!process_->runner.halted().empty()) world_.fail("a projector halted: " + process_->runner.halted().begin()->second);
    return applied > 0 ? Pace::busy : Pace::idle;
  } catch (const events::StoreError&) {
    return Pace::try_later;
  }
}

}  // namespace ordersaga::simulation
