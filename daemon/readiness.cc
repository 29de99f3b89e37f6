#include "daemon/readiness.h"

#include <utility>

namespace ordersaga::daemon {

void Readiness::add(std::string part, Check check) {
  const std::lock_guard lock(mutex_);
  checks_.emplace_back(std::move(part), std::move(check));
}

void Readiness::remove_checks() {
  const std::lock_guard lock(mutex_);
  checks_.clear();
}

void Readiness::started() {
  const std::lock_guard lock(mutex_);
  phase_.clear();
}

void Readiness::stopping() {
  const std::lock_guard lock(mutex_);
  phase_ = "stopping";
}

std::vector<Problem> Readiness::problems() const {
  const std::lock_guard lock(mutex_);
  std::vector<Problem> all;
  if (!phase_.empty()) all.push_back({"process", phase_});
  for (const auto& [part, check] : checks_)
    if (auto problem = check()) all.push_back({part, std::move(*problem)});
  return all;
}

}  // namespace ordersaga::daemon
