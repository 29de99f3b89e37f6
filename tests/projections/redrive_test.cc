// Parked records applied after all, as the projector does it between two batches.
#include "projections/redrive.h"

#include <gtest/gtest.h>

#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "projections/order_summary/rows.h"
#include "projections/runner.h"
#include "tests/projections/fake_consumer.h"
#include "tests/projections/folded.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {
namespace {

using order_summary::Order;
using tests::proto;
namespace order = ordersaga::order::v1;
namespace inventory = ordersaga::inventory::v1;

class TestClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return runtime::WallTime(time_); }
  std::chrono::microseconds steady() const override { return time_; }
  void pass(std::chrono::milliseconds duration) { time_ += duration; }

 private:
  std::chrono::microseconds time_ = std::chrono::seconds(1'800'000'000);
};

class RedriveTest : public ::testing::Test {
 protected:
  void publish_new() {
    events::ShardPosition after{Shard(0), published_};
    for (const auto& event : history_.store().read_shards({&after, 1}, 10'000)) {
      topic_.publish(message_of(event, 0));
      published_ = event.position;
    }
  }
  void run() {
    publish_new();
    for (int i = 0; i < 3; ++i) {
      clock_.pass(std::chrono::milliseconds(1'100));
      while (runner_.step() > 0) {
      }
    }
  }
  void ask(const std::string& action, const std::string& key = "o1", const std::string& projection = "order_summary") {
    Request request{Shard(0), ++asked_, projection, key, action, "because", "op", clock_.now()};
    tables_.rows["projection_requests"][joined_key(request.shard, request.id)] = to_row(request);
  }
  RequestDone done() { return from_row<RequestDone>(tables_.rows["projection_requests_done"].at(joined_key(Shard(0), asked_))); }
  // Parked records of a projection as "position code".
  std::vector<std::string> parked(const std::string& projection = "order_summary") {
    std::vector<std::string> all;
    for (const auto& [key, cells] : tables_.rows["parked_messages"])
      if (auto m = from_row<ParkedMessage>(cells); m.projection == projection)
        all.push_back(std::to_string(m.position.value) + " " + m.code);
    return all;
  }
  std::optional<Order> shown(const std::string& id = "o1") {
    auto found = tables_.rows["order_summary"].find(id);
    if (found == tables_.rows["order_summary"].end()) return std::nullopt;
    return from_row<Order>(found->second);
  }
  void place(const std::string& id) { history_.record("order-" + id, proto<order::OrderPlaced>(placed_text(id))); }
  // As if the program that parked them had not known better: what is parked could be applied now.
  void park_all_of_o1() {
    place("o1");
    history_.record("order-o1", order::OrderConfirmed());
    history_.record("order-o1", order::FulfilmentStarted());
    publish_new();
    std::int64_t position = 0;
    for (const char* code : {"UNKNOWN_TYPE", "BEHIND_PARKED", "BEHIND_PARKED"}) {
      ParkedMessage m;
      m.projection = "order_summary";
      m.position = Position(++position);
      m.key = "o1";
      m.code = code;
      tables_.rows["parked_messages"][joined_key(m.projection, m.shard, m.position)] = to_row(m);
    }
    for (const char* name : {"order_summary", "saga_status", "stock_levels"})
      tables_.checkpoints[{name, Shard(0)}] = {name, Shard(0), Epoch(1), Position(3)};
  }

  History history_{1};
  FakeTopic topic_;
  Position published_;
  MemoryReadTables tables_;
  MemoryReadStore store_{tables_};
  TestClock clock_;
  FakeConsumer consumer_{topic_, {0}};
  Runner runner_{consumer_, history_.store(), store_, clock_, all_projections(), {.max_batch = 100, .poll_timeout = {}}};
  std::int64_t asked_ = 0;
};

TEST_F(RedriveTest, parked_records_are_applied_in_order_and_new_ones_follow) {
  park_all_of_o1();
  run();
  history_.record("order-o1", order::OrderReady());
  run();
  EXPECT_EQ(parked().size(), 4u);
  EXPECT_FALSE(shown());
  ask(kRetry);
  run();
  EXPECT_TRUE(parked().empty());
  EXPECT_EQ(shown()->status, "READY");
  EXPECT_EQ(done().applied, 4);
  EXPECT_EQ(done().remaining, 0);
  EXPECT_TRUE(tables_.rows["projection_requests"].empty());
  history_.record("order-o1", order::OrderShipped());
  run();
  EXPECT_EQ(shown()->status, "SHIPPED");
  EXPECT_EQ(runner_.counters().redriven, 4u);
  Folded expected(history_);
  expected.catch_up();
  EXPECT_EQ(tables_.rows["order_summary"], expected.tables().rows["order_summary"]);
}

TEST_F(RedriveTest, goes_as_far_as_it_can_and_keeps_the_rest_with_its_new_reason) {
  place("o1");
  history_.record_bytes("order-o1", events::TypeNumber(103), "\xff\xff");
  history_.record("order-o1", order::OrderReady());
  run();
  EXPECT_EQ(parked(), (std::vector<std::string>{"2 UNREADABLE_PAYLOAD", "3 BEHIND_PARKED"}));
  ask(kRetry);
  run();
  EXPECT_EQ(parked(), (std::vector<std::string>{"2 UNREADABLE_PAYLOAD", "3 BEHIND_PARKED"}));
  EXPECT_EQ(done().applied, 0);
  EXPECT_EQ(done().remaining, 2);
  EXPECT_NE(done().trouble.find("UNREADABLE_PAYLOAD"), std::string::npos);
  // Still in the way of its key, and of no other.
  history_.record("order-o1", order::OrderShipped());
  place("o2");
  run();
  EXPECT_EQ(parked().size(), 3u);
  EXPECT_TRUE(shown("o2"));
}

TEST_F(RedriveTest, discarding_the_first_lets_those_behind_it_pass) {
  place("o1");
  history_.record_bytes("order-o1", events::TypeNumber(103), "\xff\xff");
  history_.record("order-o1", order::OrderReady());
  run();
  ask(kDiscard);
  run();
  EXPECT_TRUE(parked().empty());
  EXPECT_EQ(shown()->status, "READY");
  EXPECT_EQ(done().discarded, 1);
  EXPECT_EQ(done().applied, 1);
  EXPECT_EQ(done().request.actor, "op");
  EXPECT_EQ(done().request.reason, "because");
}

TEST_F(RedriveTest, discarding_a_whole_key_leaves_nothing_of_it) {
  history_.record("order-o1", order::OrderConfirmed());
  history_.record("order-o1", order::OrderReady());
  run();
  ask(kDiscardAll);
  run();
  EXPECT_TRUE(parked().empty());
  EXPECT_FALSE(shown());
  EXPECT_EQ(done().discarded, 2);
}

TEST_F(RedriveTest, a_record_that_the_store_refuses_stays_and_says_so) {
  auto placed = proto<order::OrderPlaced>(placed_text("o1"));
  placed.set_notes(std::string("a\0b", 3));
  history_.record("order-o1", placed);
  history_.record("order-o1", order::OrderConfirmed());
  run();
  ask(kRetry);
  run();
  EXPECT_EQ(parked(), (std::vector<std::string>{"1 REFUSED_BY_STORE", "2 BEHIND_PARKED"}));
  EXPECT_EQ(done().remaining, 2);
}

TEST_F(RedriveTest, what_one_projection_has_parked_is_no_matter_of_the_others) {
  history_.record("order-o1", order::OrderConfirmed());
  history_.record("reservation-o1", proto<inventory::StockReserved>("allocations { sku: 'SKU-1' location: 'ams' quantity: 2 }"));
  run();
  EXPECT_EQ(parked("stock_levels").size(), 0u);
  ask(kRetry, "o1", "stock_levels");
  run();
  EXPECT_EQ(done().applied, 0);
  EXPECT_EQ(parked().size(), 2u);
}

TEST_F(RedriveTest, a_paused_projection_stands_still_while_the_others_go_on_and_catches_up_later) {
  place("o1");
  run();
  tables_.rows["projection_pauses"]["order_summary"] = to_row(Pause{"order_summary", "because", "op", clock_.now()});
  run();
  history_.record("order-o1", order::OrderConfirmed());
  history_.record("reservation-o1", proto<inventory::StockReserved>("allocations { sku: 'SKU-1' location: 'ams' quantity: 2 }"));
  run();
  EXPECT_EQ(shown()->status, "PENDING");
  EXPECT_EQ((tables_.checkpoints.at({"order_summary", Shard(0)}).position), Position(1));
  EXPECT_EQ((tables_.checkpoints.at({"stock_levels", Shard(0)}).position), Position(3));
  EXPECT_EQ(runner_.counters().lags[0]->events, 2);

  tables_.rows["projection_pauses"].clear();
  run();
  EXPECT_EQ(shown()->status, "CONFIRMED");
  EXPECT_TRUE(shown()->stock_reserved);
  Folded expected(history_);
  expected.catch_up();
  EXPECT_EQ(tables_.rows["order_summary"], expected.tables().rows["order_summary"]);
  EXPECT_EQ(tables_.rows["stock_level_parts"], expected.tables().rows["stock_level_parts"]);
}

TEST_F(RedriveTest, all_may_be_paused) {
  place("o1");
  for (const char* name : {"order_summary", "saga_status", "stock_levels"})
    tables_.rows["projection_pauses"][name] = to_row(Pause{name, "because", "op", clock_.now()});
  run();
  EXPECT_FALSE(shown());
  EXPECT_EQ(topic_.committed[0], 1);
  tables_.rows["projection_pauses"].clear();
  run();
  EXPECT_EQ(shown()->status, "PENDING");
}

}  // namespace
}  // namespace ordersaga::projections::testing
