#include "tools/simulators/inprocess_effects.h"

#include <utility>

namespace ordersaga::simulators {

InProcessEffects::InProcessEffects(const runtime::Clock& clock, payment_gateway::Options gateway, carrier::Options carrier)
    : clock_(clock), participants_(gateway, carrier), thread_([this] { run(); }) {}

InProcessEffects::~InProcessEffects() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void InProcessEffects::start(const saga::v1::EffectRequest& request, Done done) {
  bool idle = false;
  {
    std::lock_guard lock(mutex_);
    TimedResult answer = participants_.answer(request, clock_.now());
    ++in_flight_;
    ++started_;
    Outcome outcome{std::move(answer.result), std::move(done)};
    if (answer.after <= std::chrono::milliseconds::zero()) {
      idle = ready_.empty();
      ready_.push_back(std::move(outcome));
    } else {
      std::size_t slot = slow_.size();
      if (free_slots_.empty()) {
        slow_.push_back(std::move(outcome));
      } else {
        slot = free_slots_.back();
        free_slots_.pop_back();
        slow_[slot] = std::move(outcome);
      }
      later_.push({clock_.steady() + answer.after, started_, slot});
      idle = later_.top().order == started_;
    }
  }
  if (idle) wake_.notify_one();
}

std::size_t InProcessEffects::in_flight() const {
  std::lock_guard lock(mutex_);
  return in_flight_;
}

void InProcessEffects::inspect(const std::function<void(const Participants&)>& look) const {
  std::lock_guard lock(mutex_);
  look(participants_);
}

void InProcessEffects::run() {
  std::vector<Outcome> outcomes;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    outcomes.clear();
    std::swap(outcomes, ready_);
    std::optional<std::chrono::microseconds> next = take_due(outcomes);
    if (outcomes.empty()) {
      if (next)
        wake_.wait_for(lock, *next);
      else
        wake_.wait(lock);
      continue;
    }
    in_flight_ -= outcomes.size();
    lock.unlock();
    for (Outcome& outcome : outcomes) outcome.done(outcome.result);
    lock.lock();
  }
}

std::optional<std::chrono::microseconds> InProcessEffects::take_due(std::vector<Outcome>& out) {
  std::chrono::microseconds now = clock_.steady();
  while (!later_.empty()) {
    Later first = later_.top();
    if (first.due > now) return first.due - now;
    later_.pop();
    out.push_back(std::move(slow_[first.slot]));
    free_slots_.push_back(first.slot);
  }
  return std::nullopt;
}

}  // namespace ordersaga::simulators
