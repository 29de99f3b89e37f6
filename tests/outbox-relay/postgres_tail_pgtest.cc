#include "outbox-relay/postgres_tail.h"

#include "events/codec.h"
#include "events/errors.h"
#include "events/postgres_event_store.h"
#include "ordersaga/order/v1/events.pb.h"
#include "runtime/postgres/connection.h"
#include "tests/support/test_database.h"

#include <gtest/gtest.h>

namespace ordersaga::relay {
namespace {

using events::RecordedEvent;

class PostgresTailTest : public ::testing::Test {
 protected:
  static Shard shard(int n) { return Shard(static_cast<std::int16_t>(n)); }

  void append(Shard to, int records, std::size_t payload_bytes) {
    auto turn = writer.begin({&to, 1});
    events::TurnWrite write;
    for (int i = 0; i < records; ++i) {
      events::NewRecord& record = write.records.emplace_back();
      record.shard = to;
      record.type = events::number_of(order::v1::OrderPlaced::descriptor());
      record.payload = std::string(payload_bytes, '\0') + std::to_string(next++);
      record.metadata = "\xff metadata";
      if (i % 2 == 0) {  // half of them in a stream
        record.stream = stream_in(to);
        record.version = Version(1);
      }
    }
    turn->write(write, std::max(turn->clock(), turn->heads()[0].recorded_at));
    turn->commit();
  }
  std::string stream_in(Shard to) {
    for (;;)
      if (std::string stream = "order-" + std::to_string(next_order++); shard_of(stream.substr(6), 4) == to) return stream;
  }
  static std::vector<RecordedEvent> answer(LogTail& tail, const TailQuestion& question) {
    std::vector<RecordedEvent> out;
    tail.ask(question);
    tail.take(out);
    return out;
  }
  static std::vector<std::pair<int, std::int64_t>> places(const std::vector<RecordedEvent>& records) {
    std::vector<std::pair<int, std::int64_t>> out;
    for (const RecordedEvent& r : records) out.emplace_back(r.shard.value, r.position.value);
    return out;
  }

  testing_support::TestDatabase database{{.shards = 4, .leaf_size = 10}};
  events::PostgresEventStore writer{{.target = database.target_as("ordersaga_writer")}};
  PostgresTail tail{database.target_as("ordersaga_relay")};
  int next = 0;
  int next_order = 0;
};

TEST_F(PostgresTailTest, GivesTheStoresRecordsToTheByteAcrossLeaves) {
  append(shard(0), 9, 10);
  runtime::postgres::Connection(database.target()).exec("SELECT log.ensure_leaves()");
  append(shard(0), 8, 10);
  append(shard(2), 3, 10);
  const TailQuestion question{{{shard(2), Position(1), 100}, {shard(1), Position(0), 100}, {shard(0), Position(7), 6}}, kLeastBytes};
  StoreTail reference(writer);
  const std::vector<RecordedEvent> wanted = answer(reference, question);
  for (int round = 0; round < 2; ++round) {  // its memory is used again
    const std::vector<RecordedEvent> found = answer(tail, question);
    ASSERT_EQ(places(found),
              (std::vector<std::pair<int, std::int64_t>>{{2, 2}, {2, 3}, {0, 8}, {0, 9}, {0, 10}, {0, 11}, {0, 12}, {0, 13}}));
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].stream, wanted[i].stream);
      EXPECT_EQ(found[i].version, wanted[i].version);
      EXPECT_EQ(found[i].type, wanted[i].type);
      EXPECT_EQ(found[i].payload, wanted[i].payload);
      EXPECT_EQ(found[i].metadata, wanted[i].metadata);
      EXPECT_EQ(found[i].recorded_at, wanted[i].recorded_at);
    }
  }
}

TEST_F(PostgresTailTest, APartEndsBeforeItsBytesAreExceeded) {
  append(shard(0), 6, 300'000);
  append(shard(1), 2, 300'000);
  const TailQuestion question{{{shard(0), Position(0), 100}, {shard(1), Position(0), 100}}, 1'000'000};
  EXPECT_EQ(places(answer(tail, question)), (std::vector<std::pair<int, std::int64_t>>{{0, 1}, {0, 2}, {0, 3}, {1, 1}, {1, 2}}));
  StoreTail reference(writer);
  EXPECT_EQ(places(answer(reference, question)), places(answer(tail, question)));
}

TEST_F(PostgresTailTest, AfterALostSessionTheNextQuestionIsAnswered) {
  append(shard(3), 1, 1);
  const TailQuestion question{{{shard(3), Position(0), 10}}, kLeastBytes};
  EXPECT_EQ(answer(tail, question).size(), 1U);
  runtime::postgres::Connection admin(database.target());
  admin.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ordersaga_relay' AND datname = '" + database.name() +
             "'");
  EXPECT_THROW(answer(tail, question), events::StoreUnavailable);
  EXPECT_FALSE(tail.awaits());
  EXPECT_EQ(answer(tail, question).size(), 1U);
}

TEST_F(PostgresTailTest, AStatementThatIsRefusedIsSaidSo) {
  runtime::postgres::Connection admin(database.target());
  admin.exec("REVOKE SELECT ON log.events FROM ordersaga_relay");
  EXPECT_THROW(answer(tail, {{{shard(0), Position(0), 10}}, kLeastBytes}), events::StoreMisconfigured);
  admin.exec("GRANT SELECT ON log.events TO ordersaga_relay");
  EXPECT_TRUE(answer(tail, {{{shard(0), Position(0), 10}}, kLeastBytes}).empty());
}

}  // namespace
}  // namespace ordersaga::relay
