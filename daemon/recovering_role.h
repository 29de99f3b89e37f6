// A role that lives through the failures of its servers: when the database or the brokers go, it drops all that it holds,
// waits, and begins again with new connections. So there is one way to recover, and it is the way it starts.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "daemon/role.h"
#include "runtime/clock.h"

namespace ordersaga::daemon {

class RecoveringRole final : public Role {
 public:
  // One life: makes its resources, calls `working` as soon as it does its work, works until the stop, and frees them.
  using Life = std::function<void(const std::stop_token& stop, const std::function<void()>& working)>;

  // A life that ends by StoreUnavailable, ShardBusy, CommitInDoubt or KafkaError is followed by another. Other exceptions
  // leave run(). `name` is of static storage; `random` belongs to the role.
  RecoveringRole(std::string_view name, std::unique_ptr<runtime::Random> random, Life life);

  std::string_view name() const override { return name_; }
  void run(std::stop_token stop) override;
  std::optional<std::string> problem() const override;

 private:
  void set_problem(std::optional<std::string> problem);

  std::string_view name_;
  std::unique_ptr<runtime::Random> random_;
  Life life_;
  mutable std::mutex mutex_;
  std::optional<std::string> problem_ = "starting";
};

}  // namespace ordersaga::daemon
