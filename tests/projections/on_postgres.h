// A log and its read models on one Postgres, each with the rights of its role, and a topic of the log's messages.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "events/postgres_event_store.h"
#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "projections/runner.h"
#include "tests/projections/fake_consumer.h"
#include "tests/projections/history.h"
#include "tests/support/test_database.h"

namespace ordersaga::projections::testing {

class OnPostgres : public ::testing::Test {
 protected:
  // Until it has nothing more to do.
  static void run(Runner& runner) {
    for (int i = 0; i < 1'000; ++i)
      if (runner.step() == 0 && runner.step() == 0) return;
    FAIL() << "the projector never comes to rest";
  }
  // The live rows are what the log gives, and there are some.
  void expect_exact() {
    PostgresReadStore operators(database_.target_as("ordersaga_operator"));
    auto shards = history_.shards();
    Comparison c = compare_with_rebuild(log_, operators, shards, 10);
    for (const Difference& d : c.differences) ADD_FAILURE() << d.shard.value << " " << d.table << " " << d.key << ": " << d.what;
    EXPECT_GT(c.rows, 0u);
  }

  testing_support::TestDatabase database_{{.shards = 4}};
  History history_{
      std::make_unique<events::PostgresEventStore>(events::PostgresStoreOptions{.target = database_.target_as("ordersaga_writer")})};
  events::PostgresEventStore log_{events::PostgresStoreOptions{.target = database_.target_as("ordersaga_projector")}};
  PostgresReadStore store_{database_.target_as("ordersaga_projector")};
  runtime::SystemClock clock_;
  FakeTopic topic_;
};

}  // namespace ordersaga::projections::testing
