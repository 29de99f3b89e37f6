#include "tests/outbox-relay/cursor_contract.h"

namespace ordersaga::relay {
namespace {

// Sessions that share one store, as they would share a database.
class Memory {
 public:
  std::unique_ptr<CursorStore> open() { return std::make_unique<Session>(store_); }
  void request_republish(int shard, std::int64_t from) {
    store_.request_republish(Shard(static_cast<std::int16_t>(shard)), Position(from));
  }
  std::map<int, std::string> halts() {
    std::map<int, std::string> out;
    for (const auto& [shard, reason] : store_.halts()) out.emplace(shard.value, reason);
    return out;
  }

 private:
  struct Session final : CursorStore {
    explicit Session(MemoryCursorStore& shared) : store(shared) {}
    std::optional<Cursor> load(Shard shard) override { return store.load(shard); }
    void save(std::span<const Cursor> cursors) override { store.save(cursors); }
    std::vector<Cursor> rewind(std::span<const Shard> shards, Epoch epoch, const std::string& cluster_id) override {
      return store.rewind(shards, epoch, cluster_id);
    }
    void show_halts(std::span<const Shard> shards, const std::map<Shard, std::string>& halted) override {
      store.show_halts(shards, halted);
    }
    MemoryCursorStore& store;
  };
  MemoryCursorStore store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, CursorContract, Memory);

}  // namespace
}  // namespace ordersaga::relay
