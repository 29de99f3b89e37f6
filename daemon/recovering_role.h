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
  // Says what keeps a life from doing its work well; nullopt: nothing. Any thread; answers at once.
  using Check = std::function<std::optional<std::string>()>;

  // Exists while a life does its work. What `check` looks at outlives it.
  class Working {
   public:
    explicit Working(RecoveringRole& role, Check check);
    ~Working();
    Working(const Working&) = delete;
    Working& operator=(const Working&) = delete;

   private:
    RecoveringRole& role_;
  };

  // One life: makes its resources, then a Working, works until the stop, and frees them.
  using Life = std::function<void(const std::stop_token& stop, RecoveringRole& role)>;

  // A life that ends by StoreUnavailable, ShardBusy, CommitInDoubt or KafkaError is followed by another. Other exceptions
  // leave run(). `name` is of static storage; `random` belongs to the role.
  RecoveringRole(std::string_view name, std::unique_ptr<runtime::Random> random, Life life);

  std::string_view name() const override { return name_; }
  void run(std::stop_token stop) override;
  std::optional<std::string> problem() const override;

 private:
  std::string_view name_;
  std::unique_ptr<runtime::Random> random_;
  Life life_;
  mutable std::mutex mutex_;
  Check check_;  // of the life that works; empty: none does
  std::string why_not_ = "starting";
};

}  // namespace ordersaga::daemon
