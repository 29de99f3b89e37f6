// Effects answered in this process by the simulators' logic: a benchmark measures the system, not the HTTP of its
// surroundings.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <queue>
#include <thread>
#include <vector>

#include "consumers/effects/effects.h"
#include "runtime/clock.h"
#include "tools/simulators/participants.h"

namespace ordersaga::simulators {

// The logic runs in start(), a few microseconds, under a lock; one thread of its own hands the results on, when their
// time has come. Results that are not due when it is destroyed are not given.
class InProcessEffects final : public consumers::Effects {
 public:
  // `clock` outlives this.
  explicit InProcessEffects(const runtime::Clock& clock, payment_gateway::Options gateway = {}, carrier::Options carrier = {});
  ~InProcessEffects() override;

  void start(const saga::v1::EffectRequest& request, Done done) override;
  std::size_t in_flight() const override;

  // Runs `look` on the participants while no call changes them; for ledgers.
  void inspect(const std::function<void(const Participants&)>& look) const;

 private:
  struct Outcome {
    saga::v1::EffectResult result;
    Done done;
  };
  struct Later {
    std::chrono::microseconds due;  // of the steady clock
    std::size_t order;              // among equals: that of start()
    std::size_t slot;               // in slow_
    bool operator>(const Later& other) const { return due != other.due ? due > other.due : order > other.order; }
  };

  void run();
  // Moves what is due to `out`. Returns how long the next one takes; nullopt when none waits.
  std::optional<std::chrono::microseconds> take_due(std::vector<Outcome>& out);

  const runtime::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Participants participants_;
  std::vector<Outcome> ready_;
  std::vector<Outcome> slow_;  // slots
  std::vector<std::size_t> free_slots_;
  std::priority_queue<Later, std::vector<Later>, std::greater<>> later_;
  std::size_t started_ = 0;
  std::size_t in_flight_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ordersaga::simulators
