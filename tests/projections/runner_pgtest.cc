// The projector against Postgres on both sides, with the rights of its role: it tails the log and writes the read models.
#include "projections/runner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "events/errors.h"
#include "events/postgres_event_store.h"
#include "ordersaga/order/v1/events.pb.h"
#include "projections/all_projections.h"
#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "projections/shadow.h"
#include "runtime/postgres/connection.h"
#include "tests/projections/on_postgres.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {
namespace {

using runtime::postgres::Connection;

class ProjectorOnPostgres : public OnPostgres {
 protected:
  std::unique_ptr<Runner> start() {
    consumer_ = std::make_unique<FakeConsumer>(topic_, std::vector<std::int32_t>{0, 1, 2, 3});
    return std::make_unique<Runner>(*consumer_, log_, store_, clock_, all_projections(),
                                    RunnerOptions{.max_batch = 50, .poll_timeout = {}});
  }
  // Publishes all the log but the records of which `skip` says so.
  void publish(const std::function<bool(const events::RecordedEvent&)>& skip = [](const auto&) { return false; }) {
    for (Shard shard : history_.shards()) {
      events::ShardPosition from{shard, Position(0)};
      for (const auto& event : history_.store().read_shards({&from, 1}, 10'000))
        if (!skip(event)) topic_.publish(message_of(event, 0));
    }
  }
  std::int64_t number(const std::string& sql) { return Connection(database_.target()).exec(sql).integer(0, 0); }

  std::unique_ptr<FakeConsumer> consumer_;
};

TEST_F(ProjectorOnPostgres, makes_read_models_that_are_what_the_log_says) {
  for (int i = 0; i < 12; ++i) record_completed_order(history_, "o" + std::to_string(i));
  publish();
  auto runner = start();
  run(*runner);
  expect_exact();
  EXPECT_EQ(number("SELECT count(*) FROM read.order_summary WHERE status = 'COMPLETED'"), 12);
  EXPECT_EQ(number("SELECT count(*) FROM read.sagas WHERE order_number IS NOT NULL AND state = 'COMPLETED'"), 24);
  EXPECT_EQ(number("SELECT shipped FROM read.stock_levels WHERE sku = 'SKU-1' AND location = 'ams'"), 24);
  EXPECT_EQ(number("SELECT count(*) FROM read.order_summary WHERE created_at <> 'epoch'::timestamptz + interval '1800000000 s' "
                   "AND created_at BETWEEN '2027-01-15' AND '2027-01-16'"),
            12);
}

TEST_F(ProjectorOnPostgres, what_belongs_to_an_order_is_shown_as_rows) {
  record_completed_order(history_, "o1");
  auto placed = tests::proto<order::v1::OrderPlaced>(placed_text("o2"));
  placed.clear_billing_address();
  history_.record("order-o2", placed);
  publish();
  auto runner = start();
  run(*runner);
  Connection reader(database_.target_as("ordersaga_operator"));
  auto text = [&](const std::string& sql) { return std::string(reader.exec(sql).text(0, 0)); };
  EXPECT_EQ(text("SELECT string_agg(line || ' ' || sku || ' ' || name || ' ' || quantity || ' ' || subtotal_minor, '; ' ORDER BY line) "
                 "FROM read.order_items WHERE order_id = 'o1'"),
            "1 SKU-1 Lamp 2 2000; 2 SKU-2 Bulb \"B\" 1 550");
  EXPECT_EQ(text("SELECT string_agg(type || ' ' || city || ' ' || replace(address_lines, E'\\n', '|'), '; ' ORDER BY type) "
                 "FROM read.order_addresses WHERE order_id = 'o1'"),
            "BILLING Hamburg Lane 9; SHIPPING Wien Street 1|Floor 2");
  EXPECT_EQ(text("SELECT string_agg(type || ' ' || city, '; ' ORDER BY type) FROM read.order_addresses WHERE order_id = 'o2'"),
            "BILLING Wien; SHIPPING Wien");
  EXPECT_EQ(text("SELECT string_agg(status, ' ' ORDER BY version) FROM read.order_status_history WHERE order_id = 'o1'"),
            "PENDING CONFIRMED PROCESSING READY SHIPPED DELIVERED COMPLETED");
  EXPECT_EQ(text("SELECT count(*)::text FROM read.order_status_history h JOIN read.order_summary o USING (order_id) "
                 "WHERE h.status = 'COMPLETED' AND h.created_at = o.completed_at AND h.created_by = 'tester'"),
            "1");
  EXPECT_EQ(
      text("SELECT string_agg(transaction_id || ' ' || type || ' ' || status || ' ' || amount_minor || ' ' || currency || ' ' || "
           "gateway_reference, '; ' ORDER BY created_at) FROM read.payment_transactions WHERE order_id = 'o1' AND status <> 'REQUESTED'"),
      "o1.1/2 AUTHORIZE SUCCEEDED 2550 EUR auth-1; o1.1/3 CAPTURE SUCCEEDED 2550 EUR cap-1");
  EXPECT_EQ(text("SELECT shipment_id || ' ' || status || ' ' || (updated_at > created_at) FROM read.order_shipments"),
            "o1.1 DELIVERED true");
  EXPECT_EQ(text("SELECT string_agg(saga || ' ' || state, '; ' ORDER BY saga) FROM read.sagas WHERE order_number = 'ORD-00000017'"),
            "saga-fulfil_order-o1 COMPLETED; saga-place_order-o1 COMPLETED");
}

TEST_F(ProjectorOnPostgres, duplicates_and_gaps_leave_no_trace) {
  for (int i = 0; i < 6; ++i) record_completed_order(history_, "o" + std::to_string(i));
  publish([](const auto& event) { return event.position.value % 7 == 3; });
  publish();
  auto runner = start();
  run(*runner);
  expect_exact();
  EXPECT_GT(runner->counters().gaps, 0u);
  EXPECT_GT(runner->counters().duplicates, 0u);
  EXPECT_EQ(runner->counters().applied, 6u * 24u);
}

TEST_F(ProjectorOnPostgres, a_poisoned_record_is_parked_and_what_comes_after_is_applied) {
  record_completed_order(history_, "o1");
  history_.record_bytes("order-o1", events::TypeNumber(103), "\xff\xff");
  record_completed_order(history_, "o2");
  publish();
  auto runner = start();
  run(*runner);
  expect_exact();
  EXPECT_EQ(number("SELECT count(*) FROM read.parked_messages WHERE key = 'o1' AND code = 'UNREADABLE_PAYLOAD'"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM read.order_summary WHERE order_id = 'o2' AND status = 'COMPLETED'"), 1);
}

TEST_F(ProjectorOnPostgres, a_text_that_postgres_cannot_hold_parks_its_order_alone) {
  auto placed = tests::proto<order::v1::OrderPlaced>(placed_text("o1"));
  placed.set_notes(std::string("a\0b", 3));
  history_.record("order-o1", placed);
  history_.record("order-o2", tests::proto<order::v1::OrderPlaced>(placed_text("o2")));
  publish();
  auto runner = start();
  run(*runner);
  EXPECT_EQ(number("SELECT count(*) FROM read.parked_messages WHERE key = 'o1' AND code = 'REFUSED_BY_STORE'"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM read.order_summary WHERE order_id = 'o2'"), 1);
}

TEST_F(ProjectorOnPostgres, goes_on_when_its_connections_are_cut) {
  for (int i = 0; i < 6; ++i) record_completed_order(history_, "o" + std::to_string(i));
  publish();
  auto runner = start();
  runner->step();
  EXPECT_GE(number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                   "WHERE datname = current_database() AND usename = 'ordersaga_projector'"),
            1);
  int failures = 0;
  for (int i = 0; i < 100; ++i) {
    try {
      if (runner->step() == 0) break;
    } catch (const events::StoreUnavailable&) {
      ++failures;
    }
  }
  EXPECT_GE(failures, 1);
  run(*runner);
  expect_exact();
}

// Its commits do not wait for the disk: a crash may take back the last of them, after Kafka was told of their offsets.
TEST_F(ProjectorOnPostgres, what_a_crash_took_back_is_filled_from_the_log) {
  for (int i = 0; i < 6; ++i) record_completed_order(history_, "o" + std::to_string(i));
  publish();
  auto runner = start();
  runner->step();
  const std::vector<std::string> tables{"projection_checkpoint", "order_summary", "saga_status", "stock_level_parts"};
  Connection server(database_.target());
  for (const std::string& table : tables) server.exec("CREATE TABLE public." + table + " AS TABLE read." + table);
  run(*runner);
  for (const std::string& table : tables) {
    std::string columns(server
                            .exec("SELECT string_agg(column_name, ', ') FROM information_schema.columns WHERE table_schema = 'read' "
                                  "AND is_generated = 'NEVER' AND table_name = '" +
                                  table + "'")
                            .text(0, 0));
    server.exec("TRUNCATE read." + table + "; INSERT INTO read." + table + " (" + columns + ") SELECT " + columns + " FROM public." +
                table);
  }

  record_completed_order(history_, "later");
  publish([](const auto& event) { return event.stream.find("later") == std::string::npos; });
  auto again = start();
  run(*again);
  EXPECT_GT(again->counters().filled, 0u);
  publish();
  run(*again);
  expect_exact();
}

// A backup is restored: the log ends where it ended then, and what comes after that stands in the places of what was lost.
TEST_F(ProjectorOnPostgres, a_log_taken_back_in_time_makes_it_stand_still_until_the_rows_are_made_anew) {
  for (const char* id : {"o1", "o2"}) record_completed_order(history_, id);
  std::map<Shard, Position> backup;
  for (const events::ShardHead& head : history_.store().heads()) backup[head.shard] = head.position;
  for (int i = 0; i < 6; ++i) record_completed_order(history_, "lost" + std::to_string(i));
  publish();
  auto start_now = [&] {
    consumer_ = std::make_unique<FakeConsumer>(topic_, std::vector<std::int32_t>{0, 1, 2, 3});
    return std::make_unique<Runner>(*consumer_, log_, store_, clock_, all_projections(),
                                    RunnerOptions{.max_batch = 50, .poll_timeout = {}, .lag_every = std::chrono::milliseconds(1)});
  };
  auto runner = start_now();
  run(*runner);
  ASSERT_EQ(number("SELECT count(*) FROM read.order_summary"), 8);

  Connection owner(database_.target());
  std::string shards, starts;
  for (const auto& [shard, position] : backup) {
    owner.exec("DELETE FROM log.events WHERE shard = " + std::to_string(shard.value) + " AND position > " + std::to_string(position.value));
    shards += (shards.empty() ? "" : ",") + std::to_string(shard.value);
    starts += (starts.empty() ? "" : ",") + std::to_string(position.value);
  }
  owner.exec("SET ROLE ordersaga_owner");
  owner.exec("SELECT log.begin_epoch(1, 'the backup of noon was restored', '{" + shards + "}', '{" + starts + "}')");
  for (int i = 0; i < 3; ++i) record_completed_order(history_, "after" + std::to_string(i));
  std::set<Shard> with_new;
  for (const auto& [shard, position] : backup) {
    events::ShardPosition after{shard, position};
    for (const auto& event : history_.store().read_shards({&after, 1}, 10'000)) {
      topic_.publish(message_of(event, 0, Epoch(2)));
      with_new.insert(shard);
    }
  }
  for (int i = 0; i < 3; ++i) run(*runner);
  std::set<Shard> with_lost;
  for (const char* id : {"lost0", "lost1", "lost2", "lost3", "lost4", "lost5"}) with_lost.insert(history_.shard_of_key(id));
  ASSERT_FALSE(with_lost.empty());
  EXPECT_EQ(runner->halted().size(), with_lost.size());
  for (Shard shard : with_lost) {
    ASSERT_TRUE(runner->halted().contains(shard));
    EXPECT_NE(runner->halted().at(shard).find("sagactl projection rebuild"), std::string::npos);
  }

  for (const auto& projection : all_projections()) {
    RebuildOptions options;
    options.target = database_.target_as("ordersaga_projector");
    options.projection = projection->name();
    EXPECT_TRUE(rebuild(log_, clock_, options).swapped);
  }
  // A halted shard is looked at again after a while.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!runner->halted().empty() && std::chrono::steady_clock::now() < limit) run(*runner);
  run(*runner);
  EXPECT_TRUE(runner->halted().empty());
  expect_exact();
  EXPECT_EQ(number("SELECT count(*) FROM read.order_summary WHERE order_id LIKE 'lost%'"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM read.order_summary"), 5);
  EXPECT_EQ(number("SELECT count(*) FROM read.projection_checkpoint WHERE epoch <> 2"), 0);
  auto another = start_now();
  run(*another);
  EXPECT_TRUE(another->halted().empty());
  expect_exact();
}

TEST_F(ProjectorOnPostgres, the_projector_alone_does_not_wait_for_the_disk) {
  EXPECT_EQ(Connection(database_.target_as("ordersaga_projector")).exec("SHOW synchronous_commit").text(0, 0), "off");
  EXPECT_EQ(Connection(database_.target_as("ordersaga_writer")).exec("SHOW synchronous_commit").text(0, 0), "on");
}

TEST_F(ProjectorOnPostgres, an_unmigrated_database_is_named_as_what_it_is) {
  testing_support::TestDatabase bare({.migrated = false});
  PostgresReadStore store(bare.target());
  std::vector<std::string> names{"order_summary"};
  std::vector<Shard> shards{Shard(0)};
  EXPECT_THROW(store.open_checkpoints(names, shards, Epoch(1), Timestamp()), events::StoreMisconfigured);
}

}  // namespace
}  // namespace ordersaga::projections::testing
