#include "tests/outbox-relay/cursor_contract.h"

namespace ordersaga::relay {
namespace {

// Sessions that share one store, as they would share a database.
class Memory {
 public:
  std::unique_ptr<CursorStore> open() { return std::make_unique<Session>(store_); }

 private:
  struct Session final : CursorStore {
    explicit Session(MemoryCursorStore& shared) : store(shared) {}
    std::optional<Cursor> load(Shard shard) override { return store.load(shard); }
    void save(std::span<const Cursor> cursors) override { store.save(cursors); }
    MemoryCursorStore& store;
  };
  MemoryCursorStore store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, CursorContract, Memory);

}  // namespace
}  // namespace ordersaga::relay
