#include "projections/record.h"

#include <gtest/gtest.h>

#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "outbox-relay/message.h"
#include "schemas/headers.h"
#include "tests/projections/history.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {
namespace {

using tests::proto;
namespace order = ordersaga::order::v1;

runtime::kafka::ConsumedMessage message() {
  History history(1);
  return message_of(history.record("order-o1", proto<order::OrderRejected>("code: 'X'"), "shop"), 5, Epoch(3));
}

void set(runtime::kafka::ConsumedMessage& message, std::string_view name, const std::string& value) {
  for (auto& h : message.headers)
    if (h.name == name) h.value = value;
}

TEST(ReadMessage, gives_the_record_as_the_log_has_it) {
  History history(1);
  auto recorded = history.record("order-o1", proto<order::OrderRejected>("code: 'X'"), "shop");
  auto read = read_message(message_of(recorded, 5, Epoch(3)));
  ASSERT_TRUE(std::holds_alternative<MessageRecord>(read));
  auto& [record, epoch] = std::get<MessageRecord>(read);
  Record expected = from_log(recorded);
  EXPECT_EQ(epoch, Epoch(3));
  EXPECT_EQ(record.shard(), recorded.shard);
  EXPECT_EQ(record.position(), recorded.position);
  EXPECT_EQ(record.event.stream, "order-o1");
  EXPECT_EQ(record.event.version, Version(1));
  EXPECT_EQ(record.event.type, recorded.type);
  EXPECT_EQ(record.event.payload, recorded.payload);
  EXPECT_EQ(record.event.recorded_at, recorded.recorded_at);
  EXPECT_EQ(record.key, "o1");
  EXPECT_EQ(record.key, expected.key);
  EXPECT_EQ(record.actor, "shop");
  EXPECT_EQ(record.actor, expected.actor);
  EXPECT_EQ(record.type, expected.type);
  google::protobuf::Arena arena;
  ASSERT_TRUE(decode(record, &arena));
  EXPECT_EQ(static_cast<const order::OrderRejected&>(*record.message).code(), "X");
}

TEST(ReadMessage, gives_the_key_of_a_record_that_belongs_to_no_stream) {
  History history(1);
  auto recorded = history.record_input("o9", log::v1::InputRecord());
  auto read = read_message(message_of(recorded, 0));
  ASSERT_TRUE(std::holds_alternative<MessageRecord>(read));
  EXPECT_EQ(std::get<MessageRecord>(read).record.key, "o9");
  EXPECT_EQ(std::get<MessageRecord>(read).record.event.version, Version(0));
}

TEST(ReadMessage, reads_what_the_relay_writes) {
  History history(1);
  std::vector<events::RecordedEvent> records{
      history.record("saga-place_order-o1", proto<saga::v1::SagaAdvanced>("definition_version: 1"), "saga:place_order"),
      history.record("payment-o1.1", proto<payment::v1::PaymentDeclined>("code: 'X'"), "shop"),
      history.record_input("o9", proto<log::v1::InputRecord>("command_id: 'c' outcome: OUTCOME_ACCEPTED"))};
  for (const events::RecordedEvent& recorded : records) {
    const auto published = relay::messages_of(recorded, Epoch(3), 1).at(0).out;
    runtime::kafka::ConsumedMessage message{.topic = published.topic,
                                            .partition = published.partition,
                                            .offset = 0,
                                            .timestamp = {},
                                            .key = published.key,
                                            .value = published.value,
                                            .headers = published.headers};
    auto read = read_message(std::move(message));
    ASSERT_TRUE(std::holds_alternative<MessageRecord>(read)) << std::get<NoRecord>(read).reason;
    const Record& record = std::get<MessageRecord>(read).record;
    Record expected = from_log(recorded);
    EXPECT_EQ(std::get<MessageRecord>(read).epoch, Epoch(3));
    EXPECT_EQ(record.shard(), expected.shard());
    EXPECT_EQ(record.position(), expected.position());
    EXPECT_EQ(record.event.stream, expected.event.stream);
    EXPECT_EQ(record.event.version, expected.event.version);
    EXPECT_EQ(record.event.recorded_at, expected.event.recorded_at);
    EXPECT_EQ(record.event.payload, expected.event.payload);
    EXPECT_EQ(record.key, expected.key);
    EXPECT_EQ(record.actor, expected.actor);
    EXPECT_EQ(record.type, expected.type);
  }
}

TEST(ReadMessage, a_command_is_no_record_of_the_log) {
  auto m = message();
  set(m, headers::kType, "ordersaga.order.v1.PlaceOrder");
  auto read = read_message(std::move(m));
  Record record = std::get<MessageRecord>(read).record;
  google::protobuf::Arena arena;
  EXPECT_FALSE(decode(record, &arena));
  EXPECT_NE(record.defect.find("PlaceOrder"), std::string::npos);
}

TEST(ReadMessage, reads_times_of_any_precision_up_to_microseconds) {
  struct Case {
    const char* text;
    std::int64_t micros;
  };
  for (const Case& c :
       {Case{"1970-01-01T00:00:00Z", 0}, Case{"1970-01-01T00:00:01.5Z", 1'500'000},
        Case{"2000-02-29T23:59:59.000001Z", 951'868'799'000'001}, Case{"2026-11-21T07:40:02.114Z", 1'795'246'802'114'000}}) {
    auto m = message();
    set(m, headers::kTime, c.text);
    auto read = read_message(std::move(m));
    ASSERT_TRUE(std::holds_alternative<MessageRecord>(read)) << c.text;
    EXPECT_EQ(std::get<MessageRecord>(read).record.event.recorded_at.time_since_epoch().count(), c.micros) << c.text;
  }
}

TEST(ReadMessage, says_which_header_makes_a_message_no_record) {
  struct Case {
    std::string_view name;
    const char* value;
  };
  const Case cases[] = {{headers::kShard, ""},
                        {headers::kShard, "1"},
                        {headers::kShard, "x"},
                        {headers::kPosition, "0"},
                        {headers::kPosition, "-1"},
                        {headers::kPosition, "1e3"},
                        {headers::kPosition, "99999999999999999999"},
                        {headers::kEpoch, "one"},
                        {headers::kSequence, "0"},
                        {headers::kTime, "yesterday"},
                        {headers::kTime, "2026-02-30T00:00:00Z"},
                        {headers::kTime, "2026-11-21T07:40:02.1140001Z"},
                        {headers::kTime, "2026-11-21T25:40:02Z"}};
  for (const Case& c : cases) {
    auto m = message();
    set(m, c.name, c.value);
    auto read = read_message(std::move(m));
    ASSERT_TRUE(std::holds_alternative<NoRecord>(read)) << c.name << "=" << c.value;
    EXPECT_NE(std::get<NoRecord>(read).reason.find(c.name), std::string::npos) << std::get<NoRecord>(read).reason;
  }
  auto m = message();
  m.key.reset();
  EXPECT_TRUE(std::holds_alternative<NoRecord>(read_message(std::move(m))));
}

}  // namespace
}  // namespace ordersaga::projections::testing
