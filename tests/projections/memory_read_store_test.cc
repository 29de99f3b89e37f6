#include "projections/memory_read_store.h"

#include "tests/contract/read_store_contract.h"

namespace ordersaga::projections::contract {

struct MemoryReadStores {
  MemoryReadTables tables;
  std::unique_ptr<ReadStore> open() { return std::make_unique<MemoryReadStore>(tables); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ReadStoreContract, MemoryReadStores);

}  // namespace ordersaga::projections::contract
