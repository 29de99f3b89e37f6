#include "projections/postgres_read_store.h"

#include "tests/contract/read_store_contract.h"
#include "tests/support/test_database.h"

namespace ordersaga::projections::contract {

// With the rights that the projector has, and no more.
struct PostgresReadStores {
  testing_support::TestDatabase database;
  std::unique_ptr<ReadStore> open() { return std::make_unique<PostgresReadStore>(database.target_as("ordersaga_projector")); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ReadStoreContract, PostgresReadStores);

}  // namespace ordersaga::projections::contract
