#include "tests/simulation/simulation.h"

#include <fmt/format.h>

#include "tests/simulation/clients.h"
#include "tests/simulation/evidence.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/system.h"

namespace ordersaga::simulation {
namespace {

// A swarm: what is on all the time hides what only shows without it.
FaultSet choose(FaultSet allowed, SeededRandom& random) {
  FaultSet chosen = 0;
  double share = random.fraction();
  for (std::size_t i = 0; i < kFaults; ++i)
    if (random.chance(share)) chosen |= bit(static_cast<Fault>(i));
  return chosen & allowed;
}

constexpr Duration kLongestTrouble = 600s;
constexpr Duration kAfterTrouble = 3h;
// Who runs in circles without rest does so in millions of steps within those hours; an order takes less than a thousand.
constexpr std::uint64_t kStepsAfterTrouble = 200'000;
constexpr std::uint64_t kStepsAfterTroublePerOrder = 10'000;

}  // namespace

Outcome simulate(const SimulationOptions& options) {
  SeededRandom choices(options.seed * 0x9e3779b97f4a7c15ULL + 1);
  FaultSet faults = choose(options.faults, choices);
  double factor = 0.2 + choices.fraction() * 2;
  World world(options.seed, faults, factor, 2 + static_cast<int>(choices.below(5)));
  Surroundings around(world, options.mutant);
  Parts parts{.relay = true, .projector = true};
  Clients clients(around, options.orders);
  // Processes end before what they share.
  struct Closing {
    World& world;
    ~Closing() { world.close(); }
  } closing{world};
  const std::size_t orchestrators = 1 + choices.below(3);
  const std::size_t relays = 1 + choices.below(2);
  // An orchestrator and a relay of the same number are of one process; some have nothing to do with each other.
  const std::size_t shared = choices.below(std::min(orchestrators, relays) + 1);
  for (std::size_t i = 0; i < shared; ++i) around.handovers.emplace_back(choices.below(100'000));
  const auto handover = [&](std::size_t i) { return i < shared ? &around.handovers[i] : nullptr; };
  for (std::size_t i = 0; i < orchestrators; ++i)
    world.add(std::make_unique<OrchestratorNode>(around, "orchestrator-" + std::to_string(i), 1 + choices.below(2), handover(i)));
  for (std::size_t i = 0; i < relays; ++i) world.add(std::make_unique<RelayNode>(around, "relay-" + std::to_string(i), handover(i)));
  for (std::size_t i = 0, n = 1 + choices.below(2); i < n; ++i)
    world.add(std::make_unique<ProjectorNode>(around, "projector-" + std::to_string(i)));
  clients.start();

  std::function<void()> trouble = [&] {
    if (world.faults().fires(Fault::rebalance)) around.orchestrators.shuffle();
    if (world.faults().fires(Fault::rebalance)) around.projectors.shuffle();
    if (world.faults().fires(Fault::rebalance)) around.relays.shuffle();
    world.after(1s, [&] { trouble(); });
  };
  trouble();

  // 1. Trouble, until the clients have sent everything and a while longer.
  std::optional<Duration> quiet_since;
  world.run(kLongestTrouble, [&] {
    if (!quiet_since && clients.done()) quiet_since = world.now();
    return quiet_since && world.now() > *quiet_since + 20s;
  });
  // 2. No more trouble: everything must come to its end.
  world.heal();
  Duration deadline = world.now() + kAfterTrouble;
  const std::uint64_t most_steps = world.steps() + kStepsAfterTrouble + kStepsAfterTroublePerOrder * options.orders;
  Duration next_look{};
  std::string why = "nothing was looked at";
  world.run(deadline, [&] {
    if (world.steps() > most_steps) return true;
    if (world.now() < next_look) return false;
    next_look = world.now() + 500ms;
    why = unrest(around, clients, parts);
    return why.empty();
  });
  // 3. Judgement.
  Outcome out;
  out.problems = world.failures();
  if (out.problems.empty() && !why.empty()) out.problems.push_back("it never comes to rest: " + why);
  if (out.problems.empty()) out.problems = judge(around, clients, parts);
  out.faults = world.faults().counts();
  out.trace_hash = world.trace_hash();
  out.steps = world.steps();
  out.crashes = world.crashes();
  for (const events::ShardHead& head : events::MemoryEventStore(world.log()).heads())
    out.records += static_cast<std::uint64_t>(head.position.value);
  if (!options.tell.empty()) out.told = tell(around, options.tell);
  world.close();
  out.from_memory = around.from_memory;
  out.from_store = around.from_store;
  out.virtual_seconds = static_cast<double>(world.now().count()) / 1e6;
  return out;
}

}  // namespace ordersaga::simulation
