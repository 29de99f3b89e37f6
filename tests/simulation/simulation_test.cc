// The whole system under simulated faults, a hundred lives of it; and whether such a simulation finds mistakes at all.
#include <gtest/gtest.h>

#include <numeric>

#include "runtime/log.h"
#include "tests/simulation/campaign.h"

namespace ordersaga::simulation {
namespace {

class Simulation : public testing::Test {
 protected:
  static void SetUpTestSuite() { runtime::log::configure(runtime::log::Level::off, runtime::log::Format::json); }
};

std::string all_of(const std::vector<std::string>& lines) {
  return std::accumulate(lines.begin(), lines.end(), std::string(),
                         [](std::string all, const std::string& l) { return std::move(all) + l + "\n"; });
}

TEST_F(Simulation, AHundredSeedsLeaveNothingWrongAndEveryFaultFires) {
  Tally tally = run_campaign({.first = 1, .last = 100, .orders = 50, .jobs = 2, .keep_going = true},
                             [](const std::string& line) { ADD_FAILURE() << line; });
  EXPECT_EQ(tally.seeds, 100U);
  EXPECT_TRUE(tally.failed.empty()) << describe(tally);
  EXPECT_EQ(all_of(tally.silent_faults), "");
  EXPECT_GT(tally.run_twice, 0U);
}

TEST_F(Simulation, WithoutFaultsEveryOrderEndsAsItMust) {
  std::uint64_t from_memory = 0;
  std::uint64_t from_store = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Outcome outcome = simulate({.seed = seed, .orders = 40, .faults = 0});
    EXPECT_TRUE(outcome.problems.empty()) << all_of(outcome.problems);
    from_memory += outcome.from_memory;
    from_store += outcome.from_store;
  }
  EXPECT_GT(from_memory, 0U) << "no relay has taken records from its own process";
  EXPECT_GT(from_store, 0U) << "no relay has read others' records";
}

TEST_F(Simulation, ASeedGoesTheSameWayEachTime) {
  Outcome first = simulate({.seed = 7, .orders = 20});
  Outcome second = simulate({.seed = 7, .orders = 20});
  EXPECT_EQ(first.trace_hash, second.trace_hash);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_NE(first.trace_hash, simulate({.seed = 8, .orders = 20}).trace_hash);
}

class Mutants : public Simulation, public testing::WithParamInterface<Mutant> {};

TEST_P(Mutants, AreCaught) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Outcome outcome = simulate({.seed = seed, .orders = 20, .mutant = GetParam()});
    if (!outcome.problems.empty()) {
      RecordProperty("seed", static_cast<int>(seed));
      return;
    }
  }
  FAIL() << "200 seeds do not find the mutant " << name(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Each, Mutants,
                         testing::Values(Mutant::skip_inbox, Mutant::believe_doubtful, Mutant::new_key_on_retry, Mutant::forget_wakeup,
                                         Mutant::forget_stock, Mutant::deaf_producer, Mutant::offsets_before_done,
                                         Mutant::checkpoint_ignored, Mutant::skip_resume),
                         [](const auto& info) { return std::string(name(info.param)); });

}  // namespace
}  // namespace ordersaga::simulation
