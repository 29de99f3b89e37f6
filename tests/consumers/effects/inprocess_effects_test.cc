#include "tools/simulators/inprocess_effects.h"

#include <gtest/gtest.h>

#include "tests/consumers/effects/requests.h"

namespace ordersaga::simulators {
namespace {

using namespace std::chrono_literals;
using consumers::authorization;
using consumers::Collector;
using consumers::query;
using consumers::request_of;
using saga::v1::EffectResult;

TEST(InProcessEffects, each_of_many_calls_gets_its_one_result) {
  runtime::SystemClock clock;
  InProcessEffects effects(clock);
  Collector collector;
  for (int i = 0; i < 10'000; ++i) {
    auto request = authorization("k" + std::to_string(i));
    request.set_step(i);
    effects.start(request, collector.done());
  }
  std::vector<EffectResult> results = collector.wait(10'000);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(results[static_cast<std::size_t>(i)].step(), i) << "answers that take no time come in order";
    ASSERT_EQ(results[static_cast<std::size_t>(i)].outcome(), saga::v1::EFFECT_OUTCOME_SUCCEEDED);
  }
  EXPECT_EQ(effects.in_flight(), 0u);
  effects.inspect([](const Participants& p) { EXPECT_EQ(p.gateway().ledger().size(), 10'000u); });
}

TEST(InProcessEffects, never_answers_from_within_start) {
  runtime::SystemClock clock;
  InProcessEffects effects(clock);
  Collector collector;
  std::thread::id on;
  effects.start(authorization("a"), [&, done = collector.done()](const EffectResult& result) {
    on = std::this_thread::get_id();
    done(result);
  });
  collector.wait(1);
  EXPECT_NE(on, std::this_thread::get_id());
}

TEST(InProcessEffects, a_slow_answer_comes_later_and_one_beyond_the_timeout_is_unknown) {
  runtime::SystemClock clock;
  InProcessEffects effects(clock, {.slow = 60ms});
  Collector slow, timeout, quick;
  auto start = std::chrono::steady_clock::now();
  effects.start(authorization("s", "tok_slow"), slow.done());
  auto late = authorization("l", "tok_timeout_done");
  late.set_timeout_millis(20);
  effects.start(late, timeout.done());
  effects.start(authorization("q"), quick.done());
  EXPECT_EQ(quick.wait(1).front().outcome(), saga::v1::EFFECT_OUTCOME_SUCCEEDED);
  EXPECT_EQ(timeout.wait(1).front().outcome(), saga::v1::EFFECT_OUTCOME_UNKNOWN);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
  EXPECT_EQ(slow.wait(1).front().outcome(), saga::v1::EFFECT_OUTCOME_SUCCEEDED);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 60ms);
  EXPECT_EQ(consumers::carry_out(effects, query(saga::v1::OPERATION_AUTHORIZE_PAYMENT, "l")).outcome(), saga::v1::EFFECT_OUTCOME_SUCCEEDED);
}

TEST(InProcessEffects, what_is_not_due_when_it_is_destroyed_gets_no_result) {
  runtime::SystemClock clock;
  Collector collector;
  {
    InProcessEffects effects(clock);
    effects.start(authorization("l", "tok_timeout_done"), collector.done());
    EXPECT_EQ(effects.in_flight(), 1u);
  }
  EXPECT_EQ(collector.size(), 0u);
}

TEST(Participants, are_a_function_of_requests_and_times) {
  std::vector<std::string> said[2];
  for (auto& all : said) {
    Participants participants;
    Timestamp now{std::chrono::seconds(1'800'000'000)};
    for (int i = 0; i < 200; ++i) {
      std::string key = "k" + std::to_string(i % 50);
      now += 7ms;
      const char* token = i % 3 == 0 ? "tok_timeout_not_done_once" : "tok_approved";
      all.push_back(participants.answer(i % 5 == 4 ? query(saga::v1::OPERATION_AUTHORIZE_PAYMENT, key) : authorization(key, token), now)
                        .result.SerializeAsString());
    }
  }
  EXPECT_EQ(said[0], said[1]);
}

TEST(Participants, tell_when_an_answer_is_there) {
  Participants participants({.slow = 2s, .late = 60s});
  Timestamp now{};
  EXPECT_EQ(participants.answer(authorization("a"), now).after, 0ms);
  EXPECT_EQ(participants.answer(authorization("s", "tok_slow"), now).after, 2s);
  auto hurried = authorization("t", "tok_slow");
  hurried.set_timeout_millis(500);
  TimedResult result = participants.answer(hurried, now);
  EXPECT_EQ(result.after, 500ms);
  EXPECT_EQ(result.result.outcome(), saga::v1::EFFECT_OUTCOME_UNKNOWN);
  EXPECT_EQ(result.result.reference(), "") << "what is unknown says nothing";
}

}  // namespace
}  // namespace ordersaga::simulators
