// Every kind of bad input that the contract names: what its sender is told, where it is kept, and that the partition goes on.
#include <limits>

#include "tests/consumers/lane_fixture.h"

namespace ordersaga::consumers {
namespace {

using order::v1::PlaceOrder;

enum class Kept { as_record, as_dead_letter };

struct BadInput {
  const char* name;
  std::function<void(PlaceOrder&)> command;
  std::function<void(ConsumedMessage&)> message;
  Kept kept;
  std::string code = "INVALID_ARGUMENT";
  // What its details must name; records only.
  std::string field = {};
};
void PrintTo(const BadInput& b, std::ostream* out) {
  *out << b.name;
}

void set_header(ConsumedMessage& m, std::string_view name, const std::string& value) {
  for (auto& h : m.headers)
    if (h.name == name) {
      h.value = value;
      return;
    }
  m.headers.push_back({std::string(name), value});
}

class BadInputs : public LaneFixture, public testing::WithParamInterface<BadInput> {};

TEST_P(BadInputs, IsAnsweredAndKeptAndStopsNothing) {
  const BadInput& bad = GetParam();
  receive("SKU-1", 10);
  PlaceOrder command = place("o1");
  if (bad.command) bad.command(command);
  ConsumedMessage m = message("o1", command, "place-o1");
  if (bad.message) bad.message(m);
  ConsumedMessage next = message("o1", place("o1"), "next");
  a_->lane.offer(m);
  a_->lane.offer(next);
  a_->run();
  ASSERT_EQ(a_->handled.size(), 2U);
  ASSERT_EQ(inputs("next").size(), 1U);
  EXPECT_EQ(inputs("next")[0].outcome(), common_v1::OUTCOME_ACCEPTED) << inputs("next")[0].DebugString();

  const Handled& handled = *std::ranges::find(a_->handled, m.offset, &Handled::offset);
  if (bad.kept == Kept::as_dead_letter) {
    EXPECT_TRUE(inputs("place-o1").empty());
    ASSERT_EQ(handled.first.size(), 2U);
    EXPECT_EQ(handled.first[0].topic, topics::kCommandsDlq);
    EXPECT_EQ(handled.first[0].value, m.value);
    EXPECT_EQ(header_of(handled.first[0], headers::kDlqErrorCode), bad.code);
    EXPECT_FALSE(header_of(handled.first[0], headers::kDlqErrorMessage).empty());
    EXPECT_EQ(header_of(handled.first[0], headers::kDlqOffset), std::to_string(m.offset));
    EXPECT_EQ(handled.first[1].topic, kReplies);
    common_v1::CommandReply reply = reply_in(handled.first[1]);
    EXPECT_EQ(reply.outcome(), common_v1::OUTCOME_REJECTED);
    EXPECT_EQ(reply.error().code(), bad.code);
    EXPECT_FALSE(reply.error().message().empty());
    return;
  }
  EXPECT_TRUE(handled.first.empty()) << "the log answers";
  ASSERT_EQ(inputs("place-o1").size(), 1U);
  log_v1::InputRecord record = inputs("place-o1")[0];
  EXPECT_EQ(record.outcome(), common_v1::OUTCOME_REJECTED);
  EXPECT_EQ(record.error().code(), bad.code) << record.error().message();
  EXPECT_FALSE(record.error().message().empty());
  EXPECT_EQ(record.reply().topic(), kReplies);
  EXPECT_EQ(record.data(), m.value);
  if (!bad.field.empty()) {
    EXPECT_NE(record.error().DebugString().find(bad.field), std::string::npos) << record.error().DebugString();
  }
}

std::vector<BadInput> unreadable() {
  auto message = [](const char* name, std::function<void(ConsumedMessage&)> change) {
    return BadInput{name, {}, std::move(change), Kept::as_dead_letter};
  };
  return {
      message("no_protobuf", [](ConsumedMessage& m) { m.value = "\xff\xff\xff"; }),
      message("empty_type", [](ConsumedMessage& m) { set_header(m, headers::kType, ""); }),
      message("unknown_type", [](ConsumedMessage& m) { set_header(m, headers::kType, "ordersaga.order.v1.NoSuch"); }),
      message("type_not_for_outsiders", [](ConsumedMessage& m) { set_header(m, headers::kType, "ordersaga.order.v1.ConfirmOrder"); }),
      message("no_key", [](ConsumedMessage& m) { m.key.reset(); }),
      message("empty_key", [](ConsumedMessage& m) { m.key = ""; }),
      message("key_outside_its_alphabet", [](ConsumedMessage& m) { m.key = "o 1"; }),
      message("key_too_long", [](ConsumedMessage& m) { m.key = std::string(65, 'x'); }),
      message("over_256_kib", [](ConsumedMessage& m) { m.value = std::string(256 * 1024 + 1, 'x'); }),
      message("id_outside_its_alphabet", [](ConsumedMessage& m) { set_header(m, headers::kId, "a/b"); }),
      message("no_id", [](ConsumedMessage& m) { set_header(m, headers::kId, ""); }),
      message("idempotency_key_outside_its_alphabet", [](ConsumedMessage& m) { set_header(m, headers::kIdempotencyKey, "a/b"); }),
  };
}

std::vector<BadInput> refused() {
  auto command = [](const char* name, std::function<void(PlaceOrder&)> change, std::string field, std::string code = "INVALID_ARGUMENT") {
    return BadInput{name, std::move(change), {}, Kept::as_record, std::move(code), std::move(field)};
  };
  return {
      command(
          "quantity_zero", [](PlaceOrder& p) { p.mutable_items(0)->set_quantity(0); }, "items[0].quantity"),
      command(
          "quantity_negative", [](PlaceOrder& p) { p.mutable_items(0)->set_quantity(-1); }, "items[0].quantity"),
      command(
          "quantity_over_a_million", [](PlaceOrder& p) { p.mutable_items(0)->set_quantity(1'000'001); }, "items[0].quantity"),
      command(
          "no_lines", [](PlaceOrder& p) { p.clear_items(); }, "items"),
      command(
          "more_than_500_lines",
          [](PlaceOrder& p) {
            for (int i = 0; i < 500; ++i) *p.add_items() = p.items(0);
          },
          "items"),
      command(
          "price_negative", [](PlaceOrder& p) { p.mutable_items(0)->mutable_unit_price()->set_amount_minor(-1); }, "unit_price"),
      command(
          "unknown_currency", [](PlaceOrder& p) { p.mutable_items(0)->mutable_unit_price()->set_currency_code("XQZ"); }, "currency_code"),
      command(
          "empty_sku", [](PlaceOrder& p) { p.mutable_items(0)->set_sku(""); }, "items[0].sku"),
      command(
          "nul_in_text", [](PlaceOrder& p) { p.set_notes(std::string("a\0b", 3)); }, "notes"),
      command(
          "text_too_long", [](PlaceOrder& p) { p.set_notes(std::string(100'000, 'x')); }, "notes"),
      command(
          "customer_id_outside_its_alphabet", [](PlaceOrder& p) { p.set_customer_id("a b"); }, "customer_id"),
      command(
          "other_order_than_the_key", [](PlaceOrder& p) { p.set_order_id("o2"); }, ""),
      command(
          "no_order_id", [](PlaceOrder& p) { p.set_order_id(""); }, ""),
      command(
          "unknown_sku", [](PlaceOrder& p) { p.mutable_items(0)->set_sku("NO-SUCH"); }, "NO-SUCH", "UNKNOWN_SKU"),
      command(
          "total_that_overflows",
          [](PlaceOrder& p) {
            p.mutable_items(0)->set_quantity(1'000'000);
            p.mutable_items(0)->mutable_unit_price()->set_amount_minor(std::numeric_limits<std::int64_t>::max() / 10);
          },
          "items"),
      BadInput{"unknown_reply_when", {}, [](ConsumedMessage& m) { set_header(m, headers::kReplyWhen, "someday"); }, Kept::as_record},
      BadInput{"expiry_that_is_no_time", {}, [](ConsumedMessage& m) { set_header(m, headers::kExpiryTime, "soon"); }, Kept::as_record},
  };
}

std::string name_of(const testing::TestParamInfo<BadInput>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Unreadable, BadInputs, testing::ValuesIn(unreadable()), name_of);
INSTANTIATE_TEST_SUITE_P(Refused, BadInputs, testing::ValuesIn(refused()), name_of);

TEST_F(LaneFixture, WhatIsNoJsonIsAnsweredInJson) {
  ConsumedMessage m = message("o1", place("o1"), "place-o1");
  m.value = "{\"order_id\": ";
  set_header(m, headers::kContentType, "application/json");
  a_->lane.offer(m);
  a_->run();
  ASSERT_EQ(a_->handled.size(), 1U);
  ASSERT_EQ(a_->handled[0].first.size(), 2U);
  EXPECT_EQ(header_of(a_->handled[0].first[1], headers::kContentType), "application/json");
  EXPECT_NE(a_->handled[0].first[1].value.find("INVALID_ARGUMENT"), std::string::npos);
  EXPECT_NE(a_->handled[0].first[1].value.find("place-o1"), std::string::npos);
}

TEST_F(LaneFixture, ADeadLetterOfWhoNamesNoReplyTopicIsKeptAllTheSame) {
  ConsumedMessage m = message("o1", place("o1"), "place-o1");
  m.value = "\xff\xff\xff";
  set_header(m, headers::kReplyTo, "somebodys.secrets");
  a_->lane.offer(m);
  a_->run();
  ASSERT_EQ(a_->handled.size(), 1U);
  ASSERT_EQ(a_->handled[0].first.size(), 1U);
  EXPECT_EQ(a_->handled[0].first[0].topic, topics::kCommandsDlq);
}

}  // namespace
}  // namespace ordersaga::consumers
