#include "tests/simulation/campaign.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace ordersaga::simulation {
namespace {

// One seed in so many is run twice, and must go the same way.
constexpr std::uint64_t kTwiceEvery = 100;
// From that many seeds on, a fault that never fired is itself a failure.
constexpr std::uint64_t kSeedsForAllFaults = 50;

// What a part of a campaign has to say. Plain, so that it goes through a pipe between processes.
struct Sum {
  std::uint64_t seeds = 0, run_twice = 0, records = 0, steps = 0, crashes = 0;
  double virtual_seconds = 0;
  FaultCounts faults{};
};

struct Part {
  Sum sum;
  std::vector<std::uint64_t> failed;
};

void run_seed(const SimulationOptions& options, Part& part, const std::function<void(const std::string&)>& say) {
  Outcome outcome = simulate(options);
  if (options.seed % kTwiceEvery == 0) {
    ++part.sum.run_twice;
    Outcome again = simulate(options);
    if (again.trace_hash != outcome.trace_hash || again.steps != outcome.steps)
      outcome.problems.push_back(fmt::format("the second run of the seed went another way: {} steps, not {}", again.steps, outcome.steps));
  }
  ++part.sum.seeds;
  part.sum.records += outcome.records;
  part.sum.steps += outcome.steps;
  part.sum.crashes += outcome.crashes;
  part.sum.virtual_seconds += outcome.virtual_seconds;
  for (std::size_t i = 0; i < kFaults; ++i) part.sum.faults[i] += outcome.faults[i];
  for (const std::string& line : outcome.told) say(line);
  if (outcome.problems.empty()) return;
  part.failed.push_back(options.seed);
  std::string text = fmt::format("seed {} fails: {}", options.seed, command_line(options, options.faults));
  std::size_t shown = 0;
  for (const std::string& p : outcome.problems) {
    if (++shown > 8) break;
    text += "\n  " + p;
  }
  if (outcome.problems.size() > 8) text += fmt::format("\n  and {} more", outcome.problems.size() - 8);
  say(text);
}

Part run_part(const CampaignOptions& o, int index, const std::function<void(const std::string&)>& say) {
  Part part;
  for (std::uint64_t seed = o.first + static_cast<std::uint64_t>(index); seed <= o.last; seed += static_cast<std::uint64_t>(o.jobs)) {
    run_seed({.seed = seed, .orders = o.orders, .faults = o.faults, .mutant = o.mutant, .tell = o.tell}, part, say);
    if (!part.failed.empty() && !o.keep_going) break;
  }
  return part;
}

void write_all(int fd, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    ssize_t n = ::write(fd, at, size);
    if (n <= 0) throw std::runtime_error("a part of the campaign cannot report");
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

Part read_part(int fd) {
  std::string all;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
  Part part;
  static_assert(std::is_trivially_copyable_v<Sum>);
  if (all.size() < sizeof(Sum)) throw std::runtime_error("a part of the campaign died");
  std::memcpy(&part.sum, all.data(), sizeof(Sum));
  for (std::size_t at = sizeof(Sum); at + sizeof(std::uint64_t) <= all.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t seed = 0;
    std::memcpy(&seed, all.data() + at, sizeof seed);
    part.failed.push_back(seed);
  }
  return part;
}

// Processes, not threads: what a program keeps in statics must not connect two seeds.
std::vector<Part> run_in_processes(const CampaignOptions& o, const std::function<void(const std::string&)>& say) {
  std::vector<std::pair<pid_t, int>> children;
  for (int i = 0; i < o.jobs; ++i) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    std::fflush(nullptr);
    pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("no process");
    if (pid == 0) {
      ::close(ends[0]);
      Part part = run_part(o, i, say);
      std::fflush(nullptr);
      write_all(ends[1], &part.sum, sizeof(Sum));
      write_all(ends[1], part.failed.data(), part.failed.size() * sizeof(std::uint64_t));
      ::_exit(0);
    }
    ::close(ends[1]);
    children.emplace_back(pid, ends[0]);
  }
  std::vector<Part> parts;
  for (auto [pid, fd] : children) {
    parts.push_back(read_part(fd));
    ::close(fd);
    ::waitpid(pid, nullptr, 0);
  }
  return parts;
}

}  // namespace

Tally run_campaign(const CampaignOptions& o, const std::function<void(const std::string&)>& say) {
  auto begun = std::chrono::steady_clock::now();
  std::vector<Part> parts;
  if (o.jobs <= 1)
    parts.push_back(run_part(o, 0, say));
  else
    parts = run_in_processes(o, say);
  Tally tally;
  for (const Part& p : parts) {
    tally.seeds += p.sum.seeds;
    tally.run_twice += p.sum.run_twice;
    tally.records += p.sum.records;
    tally.steps += p.sum.steps;
    tally.crashes += p.sum.crashes;
    tally.virtual_seconds += p.sum.virtual_seconds;
    for (std::size_t i = 0; i < kFaults; ++i) tally.faults[i] += p.sum.faults[i];
    tally.failed.insert(tally.failed.end(), p.failed.begin(), p.failed.end());
  }
  tally.orders = tally.seeds * o.orders;
  tally.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  if (tally.seeds >= kSeedsForAllFaults)
    for (std::size_t i = 0; i < kFaults; ++i)
      if ((o.faults & bit(static_cast<Fault>(i))) != 0 && tally.faults[i] == 0)
        tally.silent_faults.emplace_back(info(static_cast<Fault>(i)).name);
  return tally;
}

std::string describe(const Tally& t) {
  std::string out =
      fmt::format("{} seeds ({} of them twice), {} orders, {} records, {} steps, {} crashes, {:.1f} virtual hours in {:.1f} s\n", t.seeds,
                  t.run_twice, t.orders, t.records, t.steps, t.crashes, t.virtual_seconds / 3600, t.seconds);
  for (std::size_t i = 0; i < kFaults; ++i) out += fmt::format("  {:<20} {}\n", info(static_cast<Fault>(i)).name, t.faults[i]);
  for (const std::string& f : t.silent_faults) out += fmt::format("fault {} never fired\n", f);
  out += t.failed.empty() ? "no seed failed\n" : fmt::format("{} seeds failed\n", t.failed.size());
  return out;
}

std::string parse_seeds(std::string_view text, CampaignOptions& options) {
  auto number = [](std::string_view s, std::uint64_t& n) {
    auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
    return error == std::errc() && end == s.data() + s.size();
  };
  std::size_t dots = text.find("..");
  bool good = number(text.substr(0, dots), options.first);
  options.last = options.first;
  if (good && dots != std::string_view::npos) good = number(text.substr(dots + 2), options.last) && options.first <= options.last;
  return good ? "" : fmt::format("\"{}\" names no seeds: 1..1000, or 42", text);
}

std::string parse_faults(std::string_view text, FaultSet& faults) {
  if (text.empty()) return {};
  faults = 0;
  if (text == "none") return {};
  while (!text.empty()) {
    std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    std::optional<Fault> fault = find_fault(name);
    if (!fault) return fmt::format("there is no fault {}", name);
    faults |= bit(*fault);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return {};
}

std::string command_line(const SimulationOptions& o, FaultSet allowed) {
  std::string line = fmt::format("tools/simulate --seeds {} --orders {}", o.seed, o.orders);
  if (allowed != kAllFaults) {
    std::string names;
    for (std::size_t i = 0; i < kFaults; ++i)
      if ((allowed & bit(static_cast<Fault>(i))) != 0) names += (names.empty() ? "" : ",") + std::string(info(static_cast<Fault>(i)).name);
    line += " --faults " + (names.empty() ? "none" : names);
  }
  if (o.mutant != Mutant::none) line += fmt::format(" --mutant {}", name(o.mutant));
  return line;
}

}  // namespace ordersaga::simulation
