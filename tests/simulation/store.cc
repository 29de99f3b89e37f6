#include "tests/simulation/store.h"

#include <algorithm>

#include "events/errors.h"

namespace ordersaga::simulation {
namespace {

using namespace ordersaga::events;

void suffer_at(World& world) {
  world.may_crash();
  if (world.faults().fires(Fault::store_unavailable)) throw StoreUnavailable("simulated: the connection is gone");
}

class SimTurn final : public TurnTransaction {
 public:
  SimTurn(World& world, Mutant mutant, std::unique_ptr<TurnTransaction> inner) : world_(world), mutant_(mutant), inner_(std::move(inner)) {}

  const std::vector<ShardHead>& heads() const override { return inner_->heads(); }
  Timestamp clock() const override { return inner_->clock(); }
  Epoch epoch() const override { return inner_->epoch(); }
  Timestamp inbox_since() const override { return inner_->inbox_since(); }

  std::vector<InboxEntry> find_inbox(std::span<const InboxKey> keys) override {
    suffer_at(world_);
    if (mutant_ == Mutant::skip_inbox) return {};
    return inner_->find_inbox(keys);
  }
  std::vector<RecordedEvent> read_streams(std::span<const std::string> streams) override {
    suffer_at(world_);
    world_.may_interleave();
    return inner_->read_streams(streams);
  }
  std::vector<StockLevel> read_levels(std::span<const std::string> skus, LockRows lock) override {
    suffer_at(world_);
    world_.may_interleave();
    return inner_->read_levels(skus, lock);
  }
  std::vector<RecordedEvent> read_records(std::span<const std::pair<Shard, Position>> places) override {
    suffer_at(world_);
    return inner_->read_records(places);
  }
  std::vector<ParkedInput> read_parked(std::span<const std::int64_t> ids) override {
    suffer_at(world_);
    return inner_->read_parked(ids);
  }
  WriteOutcome write(const TurnWrite& turn, Timestamp now) override {
    suffer_at(world_);
    world_.may_interleave();
    if (mutant_ == Mutant::none) return inner_->write(turn, now);
    return inner_->write(mutated(turn), now);
  }
  void commit() override {
    world_.may_crash();
    try {
      inner_->commit();
    } catch (const CommitInDoubt&) {
      if (mutant_ != Mutant::believe_doubtful) throw;
    }
    world_.may_crash();
    world_.may_interleave();  // the locks are free, and what follows from the commit is not done
  }

 private:
  TurnWrite mutated(TurnWrite turn) const {
    if (mutant_ == Mutant::skip_inbox) turn.inbox.clear();
    if (mutant_ == Mutant::forget_wakeup) {
      for (const Wakeup& w : turn.wakeups)
        if (!w.effect_outstanding) turn.ended.push_back(w);
      std::erase_if(turn.wakeups, [](const Wakeup& w) { return !w.effect_outstanding; });
    }
    if (mutant_ == Mutant::forget_stock) std::erase_if(turn.stock, [](const StockDelta& d) { return d.on_hand > 0 && d.reserved < 0; });
    return turn;
  }

  World& world_;
  const Mutant mutant_;
  std::unique_ptr<TurnTransaction> inner_;
};

}  // namespace

void SimStore::suffer() const {
  suffer_at(world_);
}

Epoch SimStore::epoch() {
  suffer();
  return inner_.epoch();
}

std::vector<EpochStart> SimStore::epoch_starts() {
  suffer();
  return inner_.epoch_starts();
}

std::unique_ptr<TurnTransaction> SimStore::begin(std::span<const Shard> shards) {
  suffer();
  world_.may_interleave();
  if (world_.faults().fires(Fault::shard_busy)) throw ShardBusy("simulated: another writer holds a shard");
  return std::make_unique<SimTurn>(world_, mutant_, inner_.begin(shards));
}

std::unique_ptr<TurnTransaction> SimStore::try_begin(std::span<const Shard> shards) {
  suffer();
  world_.may_interleave();
  auto turn = inner_.try_begin(shards);
  if (!turn) return nullptr;
  return std::make_unique<SimTurn>(world_, mutant_, std::move(turn));
}

std::vector<RecordedEvent> SimStore::read_stream(std::string_view stream, Version after, std::size_t limit) {
  suffer();
  return inner_.read_stream(stream, after, limit);
}

std::vector<RecordedEvent> SimStore::read_shards(std::span<const ShardPosition> after, std::size_t limit) {
  suffer();
  return inner_.read_shards(after, limit);
}

std::vector<ShardHead> SimStore::heads() {
  suffer();
  return inner_.heads();
}

std::vector<Wakeup> SimStore::due_wakeups(std::span<const Shard> shards, Timestamp until, std::size_t limit) {
  suffer();
  if (mutant_ == Mutant::skip_resume) return {};
  return inner_.due_wakeups(shards, until, limit);
}

std::vector<Wakeup> SimStore::outstanding_effects(Shard shard) {
  suffer();
  if (mutant_ == Mutant::skip_resume) return {};
  return inner_.outstanding_effects(shard);
}

std::vector<StockLevel> SimStore::levels() {
  suffer();
  return inner_.levels();
}

std::vector<Wakeup> SimStore::wakeups() {
  suffer();
  return inner_.wakeups();
}

Timestamp SimStore::clock() {
  suffer();
  return inner_.clock();
}

std::vector<ParkedInput> SimStore::parked_inputs(std::span<const Shard> shards) {
  suffer();
  return inner_.parked_inputs(shards);
}

std::vector<OperatorCommand> SimStore::operator_commands(std::span<const Shard> shards, std::size_t limit) {
  suffer();
  return inner_.operator_commands(shards, limit);
}

std::vector<Custody> SimStore::take_custody(std::span<const Shard> shards, std::string_view owner) {
  suffer();
  return inner_.take_custody(shards, owner);
}

void SimStore::settle_custody(std::span<const Shard> shards, std::string_view owner) {
  suffer();
  inner_.settle_custody(shards, owner);
}

void SimStore::release_custody(std::span<const Shard> shards, std::string_view owner) {
  suffer();
  inner_.release_custody(shards, owner);
}

int SimStore::note_attempt(Shard shard, std::string_view input) {
  suffer();
  return inner_.note_attempt(shard, input);
}

void SimStore::clear_attempt(Shard shard, std::string_view input) {
  suffer();
  inner_.clear_attempt(shard, input);
}

}  // namespace ordersaga::simulation
