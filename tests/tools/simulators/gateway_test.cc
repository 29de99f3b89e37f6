// The gateway's rules: money, keys, lifetimes, tombstones.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/tools/simulators/gateway_calls.h"

namespace ordersaga::simulators::payment_gateway {
namespace {

using namespace std::chrono_literals;

TEST(Gateway, authorizes_captures_in_parts_and_refunds_and_the_ledger_adds_up) {
  Gateway gateway;
  std::string auth = gateway.handle(authorization("a", 1'000), kStart).entry->id;
  EXPECT_EQ(gateway.handle(on(Kind::capture, "c1", auth, 600), kStart).verdict, Verdict::done);
  EXPECT_EQ(gateway.handle(on(Kind::capture, "c2", auth, 400), kStart).verdict, Verdict::done);
  EXPECT_EQ(gateway.handle(on(Kind::refund, "r1", auth, 250), kStart).verdict, Verdict::done);
  EXPECT_EQ(sum(gateway, Kind::authorization), 1'000);
  EXPECT_EQ(sum(gateway, Kind::capture), 1'000);
  EXPECT_EQ(sum(gateway, Kind::refund), 250);
  for (std::size_t i = 0; i < gateway.ledger().size(); ++i) {
    const LedgerEntry& entry = gateway.ledger()[i];
    EXPECT_EQ(entry.sequence, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(entry.authorization, auth);
    EXPECT_EQ(entry.payment, "o1.1");
    EXPECT_EQ(entry.at, kStart);
  }
}

TEST(Gateway, a_repeated_key_gets_the_first_answer_and_has_no_second_effect) {
  Gateway gateway;
  const LedgerEntry* first = gateway.handle(authorization("a"), kStart).entry;
  EXPECT_EQ(gateway.handle(authorization("a"), kStart + 1h).entry, first);
  std::string auth = first->id;
  const LedgerEntry* captured = gateway.handle(on(Kind::capture, "c", auth), kStart).entry;
  EXPECT_EQ(gateway.handle(by_key(Kind::capture, "c", "a"), kStart).entry, captured) << "the same, named otherwise";
  EXPECT_EQ(gateway.ledger().size(), 2u);
}

TEST(Gateway, a_refusal_is_repeated_too) {
  Gateway gateway;
  std::string auth = gateway.handle(authorization("a", 100), kStart).entry->id;
  const LedgerEntry* refused = gateway.handle(on(Kind::capture, "c", auth, 101), kStart).entry;
  EXPECT_EQ(refused->code, "capture_exceeds_authorization");
  EXPECT_EQ(gateway.handle(on(Kind::capture, "c", auth, 101), kStart).entry, refused);
}

TEST(Gateway, a_key_with_other_parameters_is_refused_and_changes_nothing) {
  Gateway gateway;
  std::string auth = gateway.handle(authorization("a"), kStart).entry->id;
  for (const Call& other : {authorization("a", 999), authorization("a", 1'000, "tok_other"),
                            authorization("a", 1'000, "tok_approved", "o2.1"), on(Kind::capture, "a", auth)}) {
    Answer answer = gateway.handle(other, kStart);
    EXPECT_EQ(answer.verdict, Verdict::invalid);
    EXPECT_EQ(answer.code, "idempotency_key_mismatch");
  }
  EXPECT_EQ(gateway.ledger().size(), 1u);
}

TEST(Gateway, a_key_is_forgotten_after_its_lifetime_and_then_has_a_second_effect) {
  Gateway gateway({.key_lifetime = 24h});
  gateway.handle(authorization("a"), kStart);
  EXPECT_EQ(gateway.query("a", kStart + 24h).verdict, Verdict::done);
  EXPECT_EQ(gateway.query("a", kStart + 24h + 1us).verdict, Verdict::nothing);
  gateway.handle(authorization("a"), kStart + 25h);
  EXPECT_EQ(sum(gateway, Kind::authorization), 2'000) << "the ledger shows the double charge";
  EXPECT_EQ(gateway.query("a", kStart + 26h).entry->sequence, 2);
}

TEST(Gateway, a_query_tells_what_became_of_a_call) {
  Gateway gateway;
  EXPECT_EQ(gateway.query("a", kStart).code, "unknown_key");
  gateway.handle(authorization("a"), kStart);
  gateway.handle(authorization("d", 1'000, "tok_declined"), kStart);
  EXPECT_EQ(gateway.query("a", kStart).verdict, Verdict::done);
  Answer declined = gateway.query("d", kStart);
  EXPECT_EQ(declined.verdict, Verdict::refused);
  EXPECT_EQ(declined.entry->code, "insufficient_funds");
}

TEST(Gateway, captures_only_what_is_authorized_live_and_in_its_currency) {
  Gateway gateway({.authorization_lifetime = 1h});
  std::string auth = gateway.handle(authorization("a", 1'000), kStart).entry->id;
  std::string voided = gateway.handle(authorization("b", 1'000), kStart).entry->id;
  gateway.handle(on(Kind::void_, "v", voided), kStart);
  Call dollars = on(Kind::capture, "c3", auth);
  dollars.amount.currency = "USD";
  EXPECT_EQ(gateway.handle(on(Kind::capture, "c1", auth, 1'001), kStart).entry->code, "capture_exceeds_authorization");
  EXPECT_EQ(gateway.handle(on(Kind::capture, "c2", voided), kStart).entry->code, "authorization_voided");
  EXPECT_EQ(gateway.handle(dollars, kStart).entry->code, "currency_mismatch");
  EXPECT_EQ(gateway.handle(on(Kind::capture, "c4", "auth_99"), kStart).entry->code, "unknown_authorization");
  EXPECT_EQ(gateway.handle(on(Kind::capture, "c5", auth), kStart + 1h + 1us).entry->code, "authorization_expired");
  EXPECT_EQ(sum(gateway, Kind::capture), 0);
}

TEST(Gateway, refunds_no_more_than_was_captured) {
  Gateway gateway;
  std::string auth = gateway.handle(authorization("a", 1'000), kStart).entry->id;
  std::string captured = gateway.handle(on(Kind::capture, "c", auth, 700), kStart).entry->id;
  EXPECT_EQ(gateway.handle(on(Kind::refund, "r1", captured, 500), kStart).verdict, Verdict::done) << "by the capture's id";
  EXPECT_EQ(gateway.handle(by_key(Kind::refund, "r2", "c", 201), kStart).entry->code, "refund_exceeds_capture");
  EXPECT_EQ(gateway.handle(by_key(Kind::refund, "r3", "c", 200), kStart).verdict, Verdict::done) << "by the capture's key";
  EXPECT_EQ(sum(gateway, Kind::refund), 700);
}

TEST(Gateway, a_refund_of_what_never_was_captured_does_nothing_and_keeps_the_capture_out) {
  Gateway gateway;
  std::string auth = gateway.handle(authorization("a"), kStart).entry->id;
  Call refund = by_key(Kind::refund, "r", "c");
  refund.reference = auth;
  EXPECT_EQ(gateway.handle(refund, kStart).verdict, Verdict::nothing);
  EXPECT_EQ(gateway.handle(refund, kStart).verdict, Verdict::nothing) << "again the same";
  Answer late = gateway.handle(on(Kind::capture, "c", auth), kStart);
  EXPECT_EQ(late.verdict, Verdict::refused);
  EXPECT_EQ(late.entry->code, "refunded_before_capture");
  EXPECT_EQ(sum(gateway, Kind::capture), 0);
}

TEST(Gateway, voids_once_and_says_so_as_often_as_it_is_asked) {
  Gateway gateway;
  std::string auth = gateway.handle(authorization("a"), kStart).entry->id;
  EXPECT_EQ(gateway.handle(on(Kind::void_, "v1", auth), kStart).entry->amount.minor, 1'000);
  Answer again = gateway.handle(on(Kind::void_, "v2", auth), kStart);
  EXPECT_EQ(again.verdict, Verdict::done);
  EXPECT_EQ(again.entry->amount.minor, 0) << "nothing was left to void";
}

TEST(Gateway, does_not_void_what_was_captured) {
  Gateway gateway;
  std::string auth = gateway.handle(authorization("a"), kStart).entry->id;
  gateway.handle(on(Kind::capture, "c", auth, 1), kStart);
  EXPECT_EQ(gateway.handle(on(Kind::void_, "v", auth), kStart).entry->code, "already_captured");
}

TEST(Gateway, a_void_by_key_finds_the_authorization) {
  Gateway gateway;
  gateway.handle(authorization("a"), kStart);
  EXPECT_EQ(gateway.handle(by_key(Kind::void_, "v", "a"), kStart).entry->amount.minor, 1'000);
}

TEST(Gateway, a_void_before_the_authorization_keeps_the_late_one_out) {
  Gateway gateway;
  EXPECT_EQ(gateway.handle(by_key(Kind::void_, "v", "a"), kStart).verdict, Verdict::done);
  Answer late = gateway.handle(authorization("a"), kStart + 1min);
  EXPECT_EQ(late.verdict, Verdict::refused);
  EXPECT_EQ(late.entry->code, "voided_before_authorization");
  EXPECT_EQ(gateway.query("a", kStart + 1min).verdict, Verdict::refused);
  EXPECT_EQ(sum(gateway, Kind::authorization), 0);
}

TEST(Gateway, a_void_of_a_declined_authorization_is_done) {
  Gateway gateway;
  gateway.handle(authorization("a", 1'000, "tok_declined"), kStart);
  EXPECT_EQ(gateway.handle(by_key(Kind::void_, "v", "a"), kStart).verdict, Verdict::done);
}

TEST(Gateway, names_what_is_wrong_with_a_call_and_remembers_none_of_it) {
  Gateway gateway;
  Call no_currency = authorization("k");
  no_currency.amount.currency = "eur";
  for (const Call& bad : {authorization(""), authorization("k", 0), authorization("k", -5), authorization("k", 2'000'000'000'000'000),
                          authorization("k", 1, "4111111111111111"), authorization("k", 1, "tok_x", ""), on(Kind::capture, "k", ""),
                          authorization(std::string(257, 'k')), no_currency}) {
    Answer answer = gateway.handle(bad, kStart);
    EXPECT_EQ(answer.verdict, Verdict::invalid);
    EXPECT_FALSE(answer.message.empty());
  }
  EXPECT_TRUE(gateway.ledger().empty());
  EXPECT_EQ(gateway.handle(authorization("k"), kStart).verdict, Verdict::done);
}

TEST(Gateway, an_operation_that_cannot_be_recorded_has_not_happened) {
  bool full = true;
  Gateway gateway({}, [&](const LedgerEntry&) {
    if (full) throw std::runtime_error("no space");
  });
  EXPECT_THROW(gateway.handle(authorization("a"), kStart), std::runtime_error);
  EXPECT_EQ(gateway.query("a", kStart).verdict, Verdict::nothing);
  full = false;
  EXPECT_EQ(gateway.handle(authorization("a"), kStart).entry->sequence, 1);
}

TEST(Gateway, restored_from_its_ledger_it_goes_on_where_it_was) {
  Gateway first;
  std::string auth = first.handle(authorization("a"), kStart).entry->id;
  first.handle(on(Kind::capture, "c", auth, 600), kStart);
  first.handle(on(Kind::refund, "r", auth, 100), kStart);
  first.handle(by_key(Kind::void_, "v", "never"), kStart);
  Gateway second;
  for (const LedgerEntry& entry : first.ledger()) second.restore(entry);
  EXPECT_EQ(second.handle(on(Kind::capture, "c", auth, 600), kStart).entry->sequence, 2) << "remembered";
  EXPECT_EQ(second.handle(on(Kind::capture, "c2", auth, 401), kStart).entry->code, "capture_exceeds_authorization");
  EXPECT_EQ(second.handle(on(Kind::refund, "r2", auth, 501), kStart).entry->code, "refund_exceeds_capture");
  EXPECT_EQ(second.handle(authorization("never"), kStart).verdict, Verdict::refused);
  EXPECT_THROW(second.restore(first.ledger()[0]), std::invalid_argument);
}

}  // namespace
}  // namespace ordersaga::simulators::payment_gateway
