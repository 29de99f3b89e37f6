// Every magic token: what the first call and its repetition answer, when, and what the ledger then says.
#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include "tests/tools/simulators/gateway_calls.h"
#include "tools/simulators/payment_gateway/tokens.h"

namespace ordersaga::simulators::payment_gateway {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kSlow = 2s, kLate = 60s;

struct Case {
  const char* token;
  Kind on;
  Verdict first;
  milliseconds first_delay;
  Verdict after_first;  // of a query
  Verdict second;
  milliseconds second_delay;
  std::int64_t moved;  // in the end, of 1,000
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.token;
}

constexpr Kind kA = Kind::authorization, kC = Kind::capture, kV = Kind::void_, kR = Kind::refund;
constexpr Verdict kDone = Verdict::done, kNo = Verdict::refused, kNotNow = Verdict::unavailable, kNothing = Verdict::nothing;

const Case kCases[] = {
    {"tok_approved", kA, kDone, 0ms, kDone, kDone, 0ms, 1'000},
    {"tok_anything_else", kA, kDone, 0ms, kDone, kDone, 0ms, 1'000},
    {"tok_declined", kA, kNo, 0ms, kNo, kNo, 0ms, 0},
    {"tok_declined_expired", kA, kNo, 0ms, kNo, kNo, 0ms, 0},
    {"tok_slow", kA, kDone, kSlow, kDone, kDone, 0ms, 1'000},
    {"tok_timeout_done", kA, kDone, kLate, kDone, kDone, 0ms, 1'000},
    {"tok_timeout_not_done", kA, kNotNow, kLate, kNothing, kNotNow, kLate, 0},
    {"tok_timeout_not_done_once", kA, kNotNow, kLate, kNothing, kDone, 0ms, 1'000},
    {"tok_error_then_ok", kA, kNotNow, 0ms, kNothing, kDone, 0ms, 1'000},
    {"tok_error_done", kA, Verdict::error, 0ms, kDone, kDone, 0ms, 1'000},
    {"tok_capture_fails", kC, kNo, 0ms, kNo, kNo, 0ms, 0},
    {"tok_capture_timeout_done", kC, kDone, kLate, kDone, kDone, 0ms, 1'000},
    {"tok_capture_timeout_not_done_once", kC, kNotNow, kLate, kNothing, kDone, 0ms, 1'000},
    {"tok_void_fails_once", kV, kNotNow, 0ms, kNothing, kDone, 0ms, 1'000},
    {"tok_void_fails", kV, kNo, 0ms, kNo, kNo, 0ms, 0},
    {"tok_void_timeout_done", kV, kDone, kLate, kDone, kDone, 0ms, 1'000},
    {"tok_refund_fails", kR, kNo, 0ms, kNo, kNo, 0ms, 0},
};

class MagicToken : public testing::TestWithParam<Case> {};

TEST_P(MagicToken, does_what_the_table_says) {
  const Case& c = GetParam();
  Gateway gateway({.slow = kSlow, .late = kLate});
  Call call = authorization("k", 1'000, c.token);
  if (c.on != kA) {
    Answer authorized = gateway.handle(authorization("a", 1'000, c.token), kStart);
    ASSERT_EQ(authorized.verdict, kDone) << "the token rules later calls only";
    ASSERT_EQ(authorized.delay, 0ms);
    if (c.on == kR) {
      ASSERT_EQ(gateway.handle(on(kC, "c", authorized.entry->id), kStart).verdict, kDone);
    }
    call = on(c.on, "k", authorized.entry->id);
  }
  Answer first = gateway.handle(call, kStart);
  EXPECT_EQ(first.verdict, c.first);
  EXPECT_EQ(first.delay, c.first_delay);
  EXPECT_EQ(gateway.query("k", kStart).verdict, c.after_first);
  Answer second = gateway.handle(call, kStart);
  EXPECT_EQ(second.verdict, c.second);
  EXPECT_EQ(second.delay, c.second_delay);
  EXPECT_EQ(sum(gateway, c.on), c.moved);
}

INSTANTIATE_TEST_SUITE_P(All, MagicToken, testing::ValuesIn(kCases));

TEST(MagicTokens, are_all_in_the_table_above) {
  std::set<std::string_view> tested;
  for (const Case& c : kCases) tested.insert(c.token);
  for (const Behaviour& b : kBehaviours) EXPECT_TRUE(tested.contains(b.token)) << b.token;
}

}  // namespace
}  // namespace ordersaga::simulators::payment_gateway
