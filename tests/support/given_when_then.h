// Tests of deciders that read as what they test:
//
//   given(order_placed, order_confirmed).when(start_fulfilment).then(proto<v1::FulfilmentStarted>());
//   given().when(start_fulfilment).then_rejected(error::kOrderNotFound);
//
// An aggregate takes part with a struct that has the types State, Command and Event, and a member
// decide(const Command&, const State&, const Context&) that adds what else its decider wants to see; evolve is found by
// its namespace. A test makes its own given() of Given<ThatStruct>.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregates/decider.h"
#include "tests/support/proto_text.h"

namespace ordersaga::tests {

inline constexpr Timestamp kNow = Timestamp(std::chrono::seconds(1'800'000'000));

template <class Aggregate>
class When {
 public:
  using Decision = aggregates::Decision<typename Aggregate::Event>;
  using Events = aggregates::Events<typename Aggregate::Event>;

  When(std::shared_ptr<aggregates::Arena> arena, Decision decision) : arena_(std::move(arena)), decision_(std::move(decision)) {}

  // Exactly these events, in this order; none: the command is accepted and nothing happens.
  template <class... E>
  void then(const E&... expected) const {
    const auto* events = std::get_if<Events>(&decision_);
    ASSERT_NE(events, nullptr) << "rejected: " << rejection().code << ": " << rejection().message;
    std::vector<const aggregates::Message*> wanted{&expected...};
    ASSERT_EQ(events->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_TRUE(is_same(*wanted[i], aggregates::message_of((*events)[i])));
  }

  // Refused with this code. Returns the rejection (empty when it was accepted) for what else a test wants to know of it.
  aggregates::Rejection then_rejected(std::string_view code) const {
    if (const auto* events = std::get_if<Events>(&decision_)) {
      ADD_FAILURE() << "accepted with " << events->size() << " events instead of being refused with " << code;
      return {};
    }
    EXPECT_EQ(rejection().code, code) << rejection().message;
    return rejection();
  }

  const Decision& decision() const { return decision_; }

 private:
  const aggregates::Rejection& rejection() const { return std::get<aggregates::Rejection>(decision_); }

  std::shared_ptr<aggregates::Arena> arena_;  // the events live there
  Decision decision_;
};

template <class Aggregate>
class Given {
 public:
  using State = typename Aggregate::State;

  template <class... E>
  explicit Given(Aggregate aggregate, const E&... events) : aggregate_(std::move(aggregate)) {
    (evolve(state_, typename Aggregate::Event(&events)), ...);
  }

  Given& at(Timestamp now) {
    now_ = now;
    return *this;
  }

  template <class C>
  When<Aggregate> when(const C& command) const {
    auto arena = std::make_shared<aggregates::Arena>();
    auto decision = aggregate_.decide(typename Aggregate::Command(&command), state_, aggregates::Context{now_, arena.get()});
    return When<Aggregate>(std::move(arena), std::move(decision));
  }

  const State& state() const { return state_; }

 private:
  Aggregate aggregate_;
  State state_;
  Timestamp now_ = kNow;
};

}  // namespace ordersaga::tests
