// What is known of the demo orders' fates, and whether they are the planned ones. Pure; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tools/demo/plan.h"

namespace ordersaga::demo {

// One order, as far as its replies and events have told.
struct Fate {
  End end = End::open;
  std::string code;  // of the rejection
  common::v1::Outcome reply = common::v1::OUTCOME_UNSPECIFIED;
  std::string reply_code;
  // Two ends that differ, or two answers that do.
  bool contradicted = false;
};

class Scoreboard {
 public:
  // The plan outlives it.
  explicit Scoreboard(const Plan& plan);

  // Events and replies of other orders are ignored, repetitions are harmless.
  void note_end(std::string_view order_id, End end, std::string_view code);
  void note_reply(std::string_view order_id, const common::v1::CommandReply& reply);

  std::size_t ended() const { return ended_; }
  std::size_t replied() const { return replied_; }
  // Every order has ended and every sender has its answer.
  bool complete() const { return ended_ == fates_.size() && replied_ == fates_.size(); }

  // Empty: as planned. Else what differs, for people.
  std::string deviation(std::size_t order) const;
  bool as_planned() const;

  // A table by kind, then the first orders that deviate.
  std::string table() const;
  std::string json() const;

 private:
  struct Tally {
    std::size_t orders = 0;
    std::size_t ended = 0;
    std::size_t as_planned = 0;
    std::string_view example;  // id of the first
  };
  std::array<Tally, kKindCount> tally() const;
  std::vector<std::string> deviations() const;

  const Plan& plan_;
  std::vector<Fate> fates_;  // parallel to plan_.orders
  std::unordered_map<std::string, std::size_t> by_id_;
  std::size_t ended_ = 0;
  std::size_t replied_ = 0;
};

}  // namespace ordersaga::demo
