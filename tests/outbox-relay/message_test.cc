#include "outbox-relay/message.h"

#include <gtest/gtest.h>

#include "events/errors.h"
#include "outbox-relay/topics.h"
#include "schemas/headers.h"
#include "tests/outbox-relay/log_book.h"
#include "tests/support/proto_text.h"

namespace ordersaga::relay {
namespace {

using ordersaga::log::v1::InputRecord;
using ordersaga::log::v1::NeighbourRequest;
using ordersaga::log::v1::RecordMetadata;
using runtime::kafka::ConsumedMessage;
using runtime::kafka::OutgoingMessage;
using saga::v1::SagaAdvanced;
using tests::proto;

constexpr int kShards = 16;
constexpr Epoch kEpoch{2};

events::RecordedEvent record(const google::protobuf::Message& payload, const std::string& stream, const std::string& metadata = "") {
  events::RecordedEvent r;
  r.shard = Shard(5);
  r.position = Position(41);
  r.stream = stream;
  r.version = Version(stream.empty() ? 0 : 7);
  r.type = events::number_of(payload.GetDescriptor());
  r.payload = payload.SerializeAsString();
  r.metadata = proto<RecordMetadata>(metadata).SerializeAsString();
  r.recorded_at = Timestamp(std::chrono::microseconds(1'795'246'802'114'007));
  return r;
}

ConsumedMessage consumed(const OutgoingMessage& m) {
  ConsumedMessage c;
  c.topic = m.topic;
  c.partition = m.partition;
  c.key = m.key;
  c.value = m.value;
  c.headers = m.headers;
  return c;
}

std::string_view header(const OutgoingMessage& m, std::string_view name) {
  for (const auto& h : m.headers)
    if (h.name == name) return h.value;
  return "(none)";
}

InputRecord input(const std::string& text) {
  return proto<InputRecord>("command_id: 'c1' type: 'ordersaga.order.v1.PlaceOrder' data: 'secret' " + text);
}

TEST(Message, AnEventGoesToItsShardsPartitionWithItsKeyPlaceAndLineage) {
  const auto event = record(proto<order::v1::OrderPlaced>("order_id: 'o-1'"), "order-o-1",
                            "causation { text: 'c1' } correlation { text: 'k1' } traceparent: '00-ab-cd-01'");
  const std::vector<Message> messages = messages_of(event, kEpoch, kShards);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].kind, Kind::event);
  const OutgoingMessage& m = messages[0].out;
  EXPECT_EQ(m.topic, "ordersaga.events.v1");
  EXPECT_EQ(m.partition, 5);
  EXPECT_EQ(m.key, "o-1");
  EXPECT_EQ(m.value, event.payload);
  EXPECT_EQ(header(m, headers::kSpecVersion), "1.0");
  EXPECT_EQ(header(m, headers::kId), "order-o-1/7");
  EXPECT_EQ(header(m, headers::kSource), "ordersaga");
  EXPECT_EQ(header(m, headers::kType), "ordersaga.order.v1.OrderPlaced");
  EXPECT_EQ(header(m, headers::kSubject), "order-o-1");
  EXPECT_EQ(header(m, headers::kTime), "2026-11-21T07:40:02.114007Z");
  EXPECT_EQ(header(m, headers::kContentType), "application/protobuf");
  EXPECT_EQ(header(m, headers::kPartitionKey), "o-1");
  EXPECT_EQ(header(m, headers::kSequence), "7");
  EXPECT_EQ(header(m, headers::kShard), "5");
  EXPECT_EQ(header(m, headers::kPosition), "41");
  EXPECT_EQ(header(m, headers::kEpoch), "2");
  EXPECT_EQ(header(m, headers::kCausationId), "c1");
  EXPECT_EQ(header(m, headers::kCorrelationId), "k1");
  EXPECT_EQ(header(m, headers::kTraceParent), "00-ab-cd-01");
  EXPECT_EQ(header(m, headers::kDataSchema), "(none)");
}

TEST(Message, ALaterSchemaVersionIsNamed) {
  const auto event = record(order::v1::OrderPlaced(), "order-1", "schema_version: 2");
  EXPECT_EQ(header(messages_of(event, kEpoch, kShards)[0].out, headers::kDataSchema), "ordersaga.order.v1.OrderPlaced/2");
}

TEST(Message, AnInputRecordIsPublishedWithoutTheCommandsBytes) {
  const std::vector<Message> messages = messages_of(record(input("outcome: OUTCOME_ACCEPTED"), "", "key: 'o1'"), kEpoch, kShards);
  ASSERT_EQ(messages.size(), 1U);
  const OutgoingMessage& m = messages[0].out;
  EXPECT_EQ(m.key, "o1");
  EXPECT_EQ(header(m, headers::kId), "5/41");
  EXPECT_EQ(header(m, headers::kSubject), "(none)");
  EXPECT_EQ(header(m, headers::kSequence), "(none)");
  InputRecord published;
  ASSERT_TRUE(published.ParseFromString(m.value));
  EXPECT_EQ(published.command_id(), "c1");
  EXPECT_TRUE(published.data().empty());
}

TEST(Message, AnAcceptedCommandIsAnsweredAtOnceUnlessTheSenderWaitsForCompletion) {
  struct Case {
    const char* outcome;
    const char* when;
    bool answered;
  };
  const Case cases[] = {
      {"OUTCOME_ACCEPTED", "REPLY_WHEN_ACCEPTED", true},   {"OUTCOME_ACCEPTED", "REPLY_WHEN_UNSPECIFIED", true},
      {"OUTCOME_ACCEPTED", "REPLY_WHEN_COMPLETED", false}, {"OUTCOME_REJECTED", "REPLY_WHEN_COMPLETED", true},
      {"OUTCOME_EXPIRED", "REPLY_WHEN_COMPLETED", true},   {"OUTCOME_FAILED", "REPLY_WHEN_COMPLETED", true},
      {"OUTCOME_REJECTED", "REPLY_WHEN_ACCEPTED", true},
  };
  for (const Case& c : cases) {
    const auto r =
        record(input(std::string("outcome: ") + c.outcome + " reply { topic: 'ordersaga.replies.shop.v1' when: " + c.when + " }"), "",
               "key: 'o1'");
    EXPECT_EQ(messages_of(r, kEpoch, kShards).size(), c.answered ? 2U : 1U) << c.outcome << " " << c.when;
  }
}

TEST(Message, AReplyNamesTheCommandItsOutcomeAndThePlaceOfItsRecord) {
  const auto r = record(input("outcome: OUTCOME_REJECTED error { code: 'UNKNOWN_SKU' } stream: 'order-o1' version: 3 "
                              "reply { topic: 'ordersaga.replies.shop.v1' content_type: 'application/protobuf' }"),
                        "", "key: 'o1' correlation { text: 'k1' } traceparent: 't'");
  const std::vector<Message> messages = messages_of(r, kEpoch, kShards);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].kind, Kind::reply);
  const OutgoingMessage& m = messages[1].out;
  EXPECT_EQ(m.topic, "ordersaga.replies.shop.v1");
  EXPECT_EQ(m.partition, -1);
  EXPECT_EQ(m.key, "o1");
  EXPECT_EQ(header(m, headers::kType), "ordersaga.common.v1.CommandReply");
  EXPECT_EQ(header(m, headers::kContentType), "application/protobuf");
  EXPECT_EQ(header(m, headers::kCausationId), "c1");
  EXPECT_EQ(header(m, headers::kCorrelationId), "k1");
  common::v1::CommandReply reply;
  ASSERT_TRUE(reply.ParseFromString(m.value));
  EXPECT_TRUE(tests::is_same(proto<common::v1::CommandReply>("command_id: 'c1' outcome: OUTCOME_REJECTED aggregate_id: 'o1' version: 3 "
                                                             "shard: 5 position: 41 error { code: 'UNKNOWN_SKU' }"),
                             reply));
}

TEST(Message, ACommandInJsonIsAnsweredInJson) {
  const auto r = record(input("outcome: OUTCOME_ACCEPTED content_type: 'application/json' reply { topic: 'ordersaga.replies.shop.v1' }"),
                        "", "key: 'o1'");
  const OutgoingMessage m = messages_of(r, kEpoch, kShards).at(1).out;
  EXPECT_EQ(header(m, headers::kContentType), "application/json");
  EXPECT_NE(m.value.find("\"commandId\":\"c1\""), std::string::npos) << m.value;
  EXPECT_NE(m.value.find("\"OUTCOME_ACCEPTED\""), std::string::npos) << m.value;
}

TEST(Message, ATopicThatNoSenderMayNameGetsNoReply) {
  for (const char* topic : {"ordersaga.commands.v1", "ordersaga.replies.", "ordersaga.replies.a b", "other"}) {
    const auto r = record(input(std::string("outcome: OUTCOME_ACCEPTED reply { topic: '") + topic + "' }"), "", "key: 'o1'");
    EXPECT_EQ(messages_of(r, kEpoch, kShards).size(), 1U) << topic;
  }
}

TEST(Message, ASagasRecordWithAReplyAnswersTheCommandThatStartedIt) {
  const auto advanced = proto<SagaAdvanced>(
      "reply { outcome: OUTCOME_SUCCEEDED version: 4 } replied { text: 'c1' } "
      "reply_to { topic: 'ordersaga.replies.shop.v1' content_type: 'application/json' }");
  const auto r = record(advanced, "saga-place_order-o1");
  const std::vector<Message> messages = messages_of(r, kEpoch, kShards);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].out.value, r.payload);
  EXPECT_EQ(messages[0].out.key, "o1");
  const OutgoingMessage& m = messages[1].out;
  EXPECT_EQ(m.key, "o1");
  EXPECT_EQ(header(m, headers::kId), "c1/reply");
  EXPECT_NE(m.value.find("\"position\":\"41\""), std::string::npos) << m.value;
  EXPECT_NE(m.value.find("OUTCOME_SUCCEEDED"), std::string::npos) << m.value;
  EXPECT_NE(m.value.find("\"commandId\":\"c1\""), std::string::npos) << m.value;
  EXPECT_NE(m.value.find("\"aggregateId\":\"o1\""), std::string::npos) << m.value;
}

TEST(Message, ASagasRecordWithoutAReplyTopicIsOnlyAnEvent) {
  EXPECT_EQ(messages_of(record(proto<SagaAdvanced>("reply { outcome: OUTCOME_SUCCEEDED } replied { text: 'c1' }"), "saga-place_order-o1"),
                        kEpoch, kShards)
                .size(),
            1U);
}

TEST(Message, ANeighboursCommandGoesToTheShardOfItsKeyWithItsPlaceAsId) {
  const auto request = proto<NeighbourRequest>("key: 'SKU-1' type: 'ordersaga.inventory.v1.Restock' data: 'bytes'");
  const std::vector<Message> messages = messages_of(record(request, "", "key: 'o1' causation { text: 'c1' }"), kEpoch, kShards);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].out.key, "o1");
  EXPECT_EQ(messages[1].kind, Kind::request);
  const OutgoingMessage& m = messages[1].out;
  EXPECT_EQ(m.topic, "ordersaga.commands.v1");
  EXPECT_EQ(m.partition, shard_of("SKU-1", kShards).value);
  EXPECT_EQ(m.key, "SKU-1");
  EXPECT_EQ(m.value, "bytes");
  EXPECT_EQ(header(m, headers::kId), "2-5-41");
  EXPECT_TRUE(is_valid_id(header(m, headers::kId)));
  EXPECT_EQ(header(m, headers::kType), "ordersaga.inventory.v1.Restock");
}

TEST(Message, ARecordThatCannotBeReadIsBadData) {
  auto unknown_type = record(order::v1::OrderPlaced(), "order-1");
  unknown_type.type = events::TypeNumber(32'000);
  EXPECT_THROW(messages_of(unknown_type, kEpoch, kShards), events::BadData);
  auto broken = record(input(""), "", "key: 'o1'");
  broken.payload = "\xff\xff\xff";
  EXPECT_THROW(messages_of(broken, kEpoch, kShards), events::BadData);
}

TEST(Message, WhatWasPublishedIsRecognizedAsItsRecordAndNothingElseIs) {
  const auto r = record(input("outcome: OUTCOME_ACCEPTED"), "", "key: 'o1'");
  const ConsumedMessage m = consumed(messages_of(r, kEpoch, kShards)[0].out);
  EXPECT_TRUE(is_same(m, r));
  auto later = r;
  later.recorded_at += std::chrono::microseconds(1);
  EXPECT_FALSE(is_same(m, later));
  auto other = r;
  other.payload = input("outcome: OUTCOME_REJECTED").SerializeAsString();
  EXPECT_FALSE(is_same(m, other));
  auto elsewhere = r;
  elsewhere.position = Position(42);
  EXPECT_FALSE(is_same(m, elsewhere));
}

TEST(Message, AMessageTellsItsPlaceAndAForeignOneHasNone) {
  const ConsumedMessage m = consumed(messages_of(record(order::v1::OrderPlaced(), "order-1"), kEpoch, kShards)[0].out);
  const std::optional<Place> place = place_of(m);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->shard, Shard(5));
  EXPECT_EQ(place->position, Position(41));
  EXPECT_EQ(place->epoch, kEpoch);
  for (const char* wrong : {"", "x", "4x", "0", "-1", "99999999999999999999"}) {
    ConsumedMessage foreign = m;
    for (auto& h : foreign.headers)
      if (h.name == headers::kPosition) h.value = wrong;
    EXPECT_FALSE(place_of(foreign)) << wrong;
  }
  EXPECT_FALSE(place_of(ConsumedMessage()));
}

TEST(Topics, EveryStandingTopicHasAPartitionForEachShardAndItsRetention) {
  const auto specs = standing_topic_specs(kShards, 1);
  ASSERT_EQ(specs.size(), 3U);
  for (const auto& spec : specs) EXPECT_EQ(spec.partitions, kShards);
  EXPECT_EQ(specs[0].name, topics::kCommands);
  const auto& config = specs[0].config;
  EXPECT_NE(std::find(config.begin(), config.end(), std::pair<std::string, std::string>("message.timestamp.type", "LogAppendTime")),
            config.end());
  EXPECT_NE(std::find(config.begin(), config.end(), std::pair<std::string, std::string>("retention.ms", "604800000")), config.end());
  EXPECT_EQ(reply_topic_spec("demo", 3, 1).name, "ordersaga.replies.demo.v1");
}

}  // namespace
}  // namespace ordersaga::relay
