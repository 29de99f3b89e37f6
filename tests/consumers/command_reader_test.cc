#include "consumers/command_reader.h"

#include <google/protobuf/arena.h>

#include "tests/consumers/lane_fixture.h"

namespace ordersaga::consumers {
namespace {

class CommandReader : public LaneFixture {
 protected:
  ReadableCommand read(const ConsumedMessage& m) {
    Reading reading = read_command(m, kShards, &arena_);
    EXPECT_TRUE(std::holds_alternative<ReadableCommand>(reading));
    return std::get<ReadableCommand>(reading);
  }
  google::protobuf::Arena arena_;
};

TEST_F(CommandReader, KeepsTheBytesAndThePlaceOfTheCommand) {
  ConsumedMessage m = message("o1", place("o1"), "c1", "completed");
  ReadableCommand c = read(m);
  EXPECT_EQ(c.input.key, "o1");
  ASSERT_NE(c.input.message, nullptr);
  EXPECT_EQ(c.input.message->SerializeAsString(), m.value);
  EXPECT_EQ(c.inbox_id, "c1");
  EXPECT_EQ(c.hash.size(), 16U);
  EXPECT_EQ(c.input.correlation_id, "c1");
  EXPECT_EQ(c.input.record->data(), m.value);
  EXPECT_EQ(c.input.record->offset(), m.offset);
  EXPECT_EQ(c.input.record->reply().when(), log_v1::REPLY_WHEN_COMPLETED);
}

// The trap: Kafka gives the forwarded record the time of its forwarding, and with that the command would be young again.
TEST_F(CommandReader, AForwardedCommandIsAsOldAsItsFirstRecord) {
  ConsumedMessage m = message("o1", place("o1"), "c1");
  const auto appended = m.timestamp;
  EXPECT_EQ(first_appended(m), appended);
  auto forward = [](const ConsumedMessage& from, std::chrono::sys_time<std::chrono::milliseconds> at) {
    const OutgoingMessage out = forwarded(from, Shard(3));
    ConsumedMessage to = from;
    to.partition = out.partition;
    to.headers = out.headers;
    to.timestamp = at;
    return to;
  };
  ConsumedMessage once = forward(m, appended + 24h);
  EXPECT_EQ(once.partition, 3);
  EXPECT_EQ(first_appended(once), appended);
  ConsumedMessage twice = forward(once, appended + 48h);
  EXPECT_EQ(first_appended(twice), appended);
  EXPECT_EQ(twice.headers.size(), m.headers.size() + 1) << "each says it once";
}

TEST_F(CommandReader, ASenderCanMakeItsCommandLookOlderButNotYounger) {
  ConsumedMessage m = message("o1", place("o1"), "c1");
  const auto appended = m.timestamp;
  const auto millis = appended.time_since_epoch().count();
  const std::string name(kFirstAppendedHeader);
  for (const std::string& said : {std::to_string(millis + 1), std::string("9223372036854775808"), std::string("-1"), std::string("0"),
                                  std::string("soon"), std::to_string(millis - 1) + "x", std::string()}) {
    m.headers.push_back({name, said});
    EXPECT_EQ(first_appended(m), appended) << said;
    EXPECT_EQ(header_of(forwarded(m, Shard(0)), name), std::to_string(millis)) << said;
    m.headers.pop_back();
  }
  m.headers.push_back({name, std::to_string(millis - 1)});
  EXPECT_EQ(first_appended(m), appended - 1ms);
  m.timestamp = {};
  EXPECT_EQ(header_of(forwarded(m, Shard(0)), name), "") << "what is not known is not said";
}

TEST_F(CommandReader, ReadsJsonOfTheSameCommand) {
  ConsumedMessage m = message("o1", place("o1"), "c1");
  m.value = R"({"orderId":"o1","customer_id":"c","items":[{"sku":"S","quantity":2}]})";
  m.headers.push_back({"content-type", "application/json; charset=utf-8"});
  ReadableCommand c = read(m);
  ASSERT_NE(c.input.message, nullptr);
  EXPECT_EQ(static_cast<const order::v1::PlaceOrder&>(*c.input.message).items(0).quantity(), 2);
  EXPECT_EQ(c.input.record->content_type(), "application/json");
}

TEST_F(CommandReader, RemembersACommandUnderItsIdempotencyKeyWhenItHasOne) {
  ConsumedMessage m = message("o1", place("o1"), "c1");
  m.headers.push_back({"idempotency-key", "k1"});
  ReadableCommand c = read(m);
  EXPECT_EQ(c.inbox_id, "k1");
  EXPECT_EQ(c.input.record->command_id(), "c1");
  EXPECT_EQ(c.input.record->idempotency_key(), "k1");
}

TEST_F(CommandReader, TellsOtherBytesAndOtherTypesApart) {
  std::string hash = read(message("o1", place("o1"), "c1")).hash;
  EXPECT_EQ(read(message("o1", place("o1"), "c2")).hash, hash);
  EXPECT_NE(read(message("o1", place("o1", 3), "c1")).hash, hash);
  shipment::v1::RecordPack empty;
  empty.set_order_id("o1");
  ReadableCommand pack = read(message("o1", empty, "c1"));
  order::v1::PlaceOrder same_bytes;
  same_bytes.set_order_id("o1");
  ASSERT_EQ(same_bytes.SerializeAsString(), empty.SerializeAsString());
  EXPECT_NE(read(message("o1", same_bytes, "c1")).hash, pack.hash);
}

TEST_F(CommandReader, NamesThePartitionOfAMisplacedCommand) {
  ConsumedMessage m = message("o1", place("o1"), "c1");
  m.partition = (m.partition + 1) % kShards;
  Reading reading = read_command(m, kShards, &arena_);
  ASSERT_TRUE(std::holds_alternative<MisplacedCommand>(reading));
  EXPECT_EQ(std::get<MisplacedCommand>(reading).right, shard_of("o1", kShards));
}

TEST_F(CommandReader, ReadsTheExpiryTime) {
  ConsumedMessage m = message("o1", place("o1"), "c1");
  m.headers.push_back({"ce_expirytime", "1970-01-01T00:01:00.5Z"});
  EXPECT_EQ(read(m).expires_at, Timestamp(60'500'000us));
}

TEST_F(CommandReader, TellsNobodyOnTopicsThatAreNoReplyTopics) {
  ConsumedMessage m = message("o1", place("o1"), "c1");
  for (auto& h : m.headers)
    if (h.name == headers::kReplyTo) h.value = "ordersaga.events.v1";
  ReadableCommand c = read(m);
  EXPECT_EQ(c.input.message, nullptr);
  EXPECT_TRUE(c.input.record->reply().topic().empty());
  EXPECT_EQ(c.input.record->error().code(), "INVALID_ARGUMENT");
}

}  // namespace
}  // namespace ordersaga::consumers
