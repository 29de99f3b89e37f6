// simulate: runs seeds and says what went wrong; a seed that fails says how to see it again.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "runtime/log.h"
#include "tests/simulation/campaign.h"

namespace {

using namespace ordersaga::simulation;

int run(int argc, char** argv) {
  CLI::App app{"Runs the whole system in one process under simulated faults, one life a seed, and judges what became of it."};
  CampaignOptions options;
  std::string seeds = "1..100", faults, mutant = "none";
  bool verbose = false;
  app.add_option("--seeds", seeds, "first..last, or one seed")->capture_default_str();
  app.add_option("--orders", options.orders, "orders of each seed")->capture_default_str();
  app.add_option("--faults", faults, "only these, separated by commas; none: no faults");
  app.add_option("--mutant", mutant, "plant this mistake")->capture_default_str();
  app.add_option("-j", options.jobs, "processes")->capture_default_str();
  app.add_option("--tell", options.tell, "tell the records and calls of this order, for instance o25");
  app.add_flag("--keep-going", options.keep_going, "do not stop at the first seed that fails");
  app.add_flag("--verbose", verbose, "show the log of the simulated processes");
  CLI11_PARSE(app, argc, argv);
  namespace log = ordersaga::runtime::log;
  log::configure(verbose ? log::Level::info : log::Level::off, log::Format::automatic);
  if (auto wrong = parse_seeds(seeds, options); !wrong.empty()) return fmt::print(stderr, "{}\n", wrong), 2;
  if (auto wrong = parse_faults(faults, options.faults); !wrong.empty()) return fmt::print(stderr, "{}\n", wrong), 2;
  auto found = find_mutant(mutant);
  if (!found) return fmt::print(stderr, "there is no mutant {}\n", mutant), 2;
  options.mutant = *found;
  Tally tally = run_campaign(options, [](const std::string& line) { fmt::print("{}\n", line); });
  fmt::print("{}", describe(tally));
  return tally.failed.empty() && tally.silent_faults.empty() ? 0 : 8;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "simulate: {}\n", e.what());
    return 1;
  }
}
