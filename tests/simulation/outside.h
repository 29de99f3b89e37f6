// The way to the payment gateway and the carrier, with what networks do: requests that get lost, come late or twice, and
// answers that never come. The participants themselves are the simulators' logic.
#pragma once

#include <cstddef>
#include <memory>

#include "consumers/effects/effects.h"
#include "tests/simulation/mutant.h"
#include "tests/simulation/world.h"
#include "tools/simulators/participants.h"

namespace ordersaga::simulation {

// Of one process; requests on their way outlive it, answers to it do not.
class SimEffects final : public consumers::Effects {
 public:
  SimEffects(World& world, simulators::Participants& participants, Mutant mutant)
      : world_(world), participants_(participants), mutant_(mutant), process_(std::make_shared<Process>()) {}

  void start(const saga::v1::EffectRequest& request, Done done) override;
  std::size_t in_flight() const override { return process_->in_flight; }

 private:
  struct Process {
    std::size_t in_flight = 0;
  };
  struct Call;
  void send(const std::shared_ptr<Call>& call, Duration arrives);

  World& world_;
  simulators::Participants& participants_;
  const Mutant mutant_;
  std::shared_ptr<Process> process_;  // shared weakly with calls: whether it is still there
};

}  // namespace ordersaga::simulation
