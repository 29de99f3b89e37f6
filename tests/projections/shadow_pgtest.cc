// Read models rebuilt beside the live ones, with the rights of the projector.
#include "projections/shadow.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

#include "events/postgres_event_store.h"
#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "projections/all_projections.h"
#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "projections/runner.h"
#include "runtime/postgres/connection.h"
#include "tests/projections/on_postgres.h"

namespace ordersaga::projections::testing {
namespace {

using runtime::postgres::Connection;

class ShadowTest : public OnPostgres {
 protected:
  void record(int orders) {
    for (int i = 0; i < orders; ++i) record_completed_order(history_, "o" + std::to_string(recorded_++));
  }
  void publish_new() {
    for (Shard shard : history_.shards()) {
      events::ShardPosition after{shard, published_[shard]};
      for (const auto& event : history_.store().read_shards({&after, 1}, 10'000)) {
        topic_.publish(message_of(event, 0));
        published_[shard] = event.position;
      }
    }
  }
  void project() {
    publish_new();
    run(runner_);
  }
  RebuildOptions options(const std::string& projection = "order_summary") const {
    RebuildOptions o;
    o.target = database_.target_as("ordersaga_projector");
    o.projection = projection;
    o.batch = 20;
    return o;
  }
  Rebuilt rebuild_now(const RebuildOptions& o) {
    events::PostgresEventStore log(events::PostgresStoreOptions{.target = database_.target_as("ordersaga_projector")});
    return rebuild(log, clock_, o);
  }
  std::string text(const std::string& sql) {
    return std::string(Connection(database_.target_as("ordersaga_operator")).exec(sql).text(0, 0));
  }

  std::map<Shard, Position> published_;
  FakeConsumer consumer_{topic_, {0, 1, 2, 3}};
  Runner runner_{consumer_, log_, store_, clock_, all_projections(), RunnerOptions{.max_batch = 50, .poll_timeout = {}}};
  int recorded_ = 0;
};

TEST_F(ShadowTest, takes_the_place_of_rows_that_are_wrong_and_the_live_projector_goes_on_with_it) {
  record(8);
  project();
  Connection(database_.target()).exec("UPDATE read.order_summary SET status = 'WRONG', customer_id = 'nobody'");
  Rebuilt rebuilt = rebuild_now(options());
  EXPECT_EQ(rebuilt.folded, 8u * 24u);
  EXPECT_FALSE(rebuilt.resumed);
  EXPECT_EQ(rebuilt.comparison.different, 8u);
  expect_exact();
  EXPECT_EQ(text("SELECT count(*)::text FROM read.order_items"), "16");
  EXPECT_EQ(text("SELECT count(*)::text FROM read.sagas WHERE order_number IS NOT NULL"), "16");
  EXPECT_EQ(text("SELECT count(*)::text FROM pg_class WHERE relname LIKE '%\\_\\_next' OR relname LIKE '%\\_\\_old'"), "0");
  record(4);
  project();
  expect_exact();
  EXPECT_EQ(runner_.counters().parked, 0u);
  for (const char* other : {"saga_status", "stock_levels", "order_summary"}) rebuild_now(options(other));
  expect_exact();
}

// The rows that it keeps in memory are of the table that is gone.
TEST_F(ShadowTest, the_live_projector_forgets_the_rows_of_the_old_table) {
  history_.record("stock-SKU-1", [] {
    inventory::v1::StockReceived received;
    received.set_sku("SKU-1");
    received.set_location("ams");
    received.set_quantity(10);
    return received;
  }());
  project();
  Connection(database_.target()).exec("UPDATE read.stock_level_parts SET on_hand = 99");
  rebuild_now(options("stock_levels"));
  record(3);
  project();
  expect_exact();
  EXPECT_GT(runner_.counters().overtaken, 0u);
}

TEST_F(ShadowTest, goes_on_where_it_was_stopped) {
  record(10);
  project();
  RebuildOptions stopped = options();
  stopped.progress = [](std::uint64_t folded, std::uint64_t, std::uint64_t) {
    if (folded >= 100) throw std::runtime_error("stopped here");
  };
  EXPECT_THROW(rebuild_now(stopped), std::runtime_error);
  EXPECT_EQ(text("SELECT count(*)::text FROM read.order_summary"), "10");
  record(2);
  project();
  Rebuilt rebuilt = rebuild_now(options());
  EXPECT_TRUE(rebuilt.resumed);
  EXPECT_LE(rebuilt.folded, 12u * 24u - 100u);
  expect_exact();

  EXPECT_THROW(rebuild_now(stopped), std::runtime_error);
  RebuildOptions anew = options();
  anew.restart = true;
  rebuilt = rebuild_now(anew);
  EXPECT_FALSE(rebuilt.resumed);
  EXPECT_EQ(rebuilt.folded, 12u * 24u);
  expect_exact();
}

// SIGKILL in the middle of the fold, of a process of its own.
TEST_F(ShadowTest, goes_on_after_a_kill) {
  record(10);
  project();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      RebuildOptions killed = options();
      killed.progress = [](std::uint64_t folded, std::uint64_t, std::uint64_t) {
        if (folded >= 100) ::kill(::getpid(), SIGKILL);
      };
      rebuild_now(killed);
    } catch (...) {
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  Rebuilt rebuilt = rebuild_now(options());
  EXPECT_TRUE(rebuilt.resumed);
  EXPECT_TRUE(rebuilt.swapped);
  EXPECT_LE(rebuilt.folded, 10u * 24u - 100u);
  EXPECT_GT(rebuilt.folded, 0u);
  EXPECT_EQ(rebuilt.comparison.different, 0u);
  expect_exact();
}

TEST_F(ShadowTest, shows_what_will_change_and_changes_nothing_unless_that_is_approved) {
  record(6);
  project();
  Connection owner(database_.target());
  owner.exec("UPDATE read.order_summary SET status = 'WRONG', notes = 'it''s' WHERE order_id = 'o1'");
  owner.exec("DELETE FROM read.order_summary WHERE order_id = 'o2'");
  owner.exec(
      "INSERT INTO read.order_summary SELECT (jsonb_populate_record(o, '{\"order_id\": \"o1/x\"}')).* FROM read.order_summary o "
      "WHERE order_id = 'o1'");
  RebuildOptions asked = options();
  ShadowComparison shown;
  asked.approve = [&](const ShadowComparison& c) {
    shown = c;
    return false;
  };
  EXPECT_FALSE(rebuild_now(asked).swapped);
  EXPECT_EQ(shown.rows, 7u);
  EXPECT_EQ(shown.different, 3u);
  EXPECT_EQ(shown.moving, 0u);
  std::set<std::string> what;
  for (const ShadowDifference& d : shown.examples) what.insert(d.table + " " + d.key + ": " + d.what);
  EXPECT_EQ(what,
            (std::set<std::string>{"order_summary o1: notes is it's, the log says ring twice; status is WRONG, the log says COMPLETED",
                                   "order_summary o2: the row is missing", "order_summary o1/x: the log does not make this row"}));
  EXPECT_EQ(text("SELECT string_agg(status, ',' ORDER BY order_id) FROM read.order_summary WHERE order_id LIKE 'o1%'"), "WRONG,WRONG");
  Rebuilt rebuilt = rebuild_now(options());
  EXPECT_TRUE(rebuilt.resumed);
  EXPECT_EQ(rebuilt.folded, 0u);
  expect_exact();
}

// What only one side has applied is no difference.
TEST_F(ShadowTest, compares_what_both_have_applied) {
  record(3);
  project();
  record(2);  // the live projector has not seen these
  history_.record("order-o0", order::v1::OrderCancelled());
  ShadowComparison shown = rebuild_now(options()).comparison;
  EXPECT_EQ(shown.different, 0u);
  EXPECT_EQ(shown.moving, 3u);
  EXPECT_EQ(shown.equal(), 2u);
  project();
  expect_exact();
}

TEST_F(ShadowTest, the_new_table_has_the_indexes_settings_and_grants_of_the_old_one) {
  record(1);
  project();
  const std::string described =
      "SELECT string_agg(indexdef, E'\\n' ORDER BY indexdef) || (SELECT c.reloptions::text || c.relacl::text || c.relowner::regrole FROM "
      "pg_class c WHERE c.oid = 'read.order_summary'::regclass) FROM pg_indexes WHERE schemaname = 'read' AND tablename = 'order_summary'";
  Connection(database_.target()).exec("GRANT SELECT ON read.order_summary TO ordersaga_relay");
  const std::string before = text(described);
  for (int i = 0; i < 3; ++i) rebuild_now(options());
  EXPECT_EQ(text(described), before);
}

TEST_F(ShadowTest, a_shadow_of_another_shape_or_epoch_is_begun_anew) {
  record(2);
  project();
  RebuildOptions stopped = options();
  stopped.approve = [](const ShadowComparison&) { return false; };
  rebuild_now(stopped);
  Connection owner(database_.target());
  owner.exec("ALTER TABLE read.order_summary ADD COLUMN later text");
  EXPECT_FALSE(rebuild_now(stopped).resumed);
  EXPECT_TRUE(rebuild_now(stopped).resumed);
  owner.exec("UPDATE read.projection_checkpoint SET epoch = 7 WHERE projection = 'order_summary__next'");
  EXPECT_FALSE(rebuild_now(stopped).resumed);
}

TEST_F(ShadowTest, does_not_fall_behind_a_live_projector_that_is_faster) {
  record(5);
  project();
  RebuildOptions overtaken = options();
  int swaps = 0;
  overtaken.before_swap = [&] {
    if (++swaps > 2) return;
    record(1);
    project();
  };
  Rebuilt rebuilt = rebuild_now(overtaken);
  EXPECT_EQ(rebuilt.swaps_tried, 3u);
  EXPECT_EQ(text("SELECT count(*)::text FROM read.order_summary"), "7");
  expect_exact();
}

TEST_F(ShadowTest, is_exact_while_the_live_projector_works) {
  record(10);
  std::exception_ptr failure;
  {
    std::jthread live([&](const std::stop_token& over) {
      try {
        for (int i = 0; i < 15 || !over.stop_requested(); ++i) {
          record(1);
          publish_new();
          runner_.step();
        }
      } catch (...) {
        failure = std::current_exception();
      }
    });
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(rebuild_now(options()).swapped);
  }
  if (failure) std::rethrow_exception(failure);
  project();
  expect_exact();
  EXPECT_EQ(runner_.counters().parked, 0u);
}

TEST_F(ShadowTest, readers_see_the_old_or_the_new_and_never_less) {
  record(6);
  project();
  std::atomic<int> reads{0}, wrong{0};
  {
    std::jthread reader([&](const std::stop_token& over) {
      Connection connection(database_.target_as("ordersaga_operator"));
      while (!over.stop_requested()) {
        auto rows = connection.exec("SELECT (SELECT count(*) FROM read.order_summary), (SELECT count(*) FROM read.order_items)");
        wrong += rows.integer(0, 0) != 6 || rows.integer(0, 1) != 12;
        ++reads;
      }
    });
    for (int i = 0; i < 5; ++i) rebuild_now(options());
  }
  EXPECT_GT(reads, 5);
  EXPECT_EQ(wrong, 0);
  expect_exact();
}

TEST_F(ShadowTest, a_projection_that_does_not_exist_is_named) {
  EXPECT_THROW(rebuild_now(options("orders")), std::invalid_argument);
}

}  // namespace
}  // namespace ordersaga::projections::testing
