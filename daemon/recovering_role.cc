#include "daemon/recovering_role.h"

#include <utility>

#include "events/errors.h"
#include "runtime/backoff.h"
#include "runtime/kafka/client.h"
#include "runtime/log.h"

namespace ordersaga::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A life that worked so long was a success: what ends it is a new trouble.
constexpr std::chrono::seconds kGoodLife{30};

// What ended the life, when it is the servers' trouble and passes; nullopt when the life ended because it was told to.
// Everything else is thrown on: a misconfiguration, refused data and our own mistakes do not get better by trying again.
std::optional<std::string> live(const RecoveringRole::Life& life, const std::stop_token& stop, RecoveringRole& role) {
  try {
    life(stop, role);
    return std::nullopt;
  } catch (const events::StoreUnavailable& error) {
    return error.what();
  } catch (const events::ShardBusy& error) {
    return error.what();
  } catch (const events::CommitInDoubt& error) {
    return error.what();
  } catch (const runtime::kafka::KafkaError& error) {
    return error.what();
  }
}

}  // namespace

RecoveringRole::RecoveringRole(std::string_view name, std::unique_ptr<runtime::Random> random, Life life)
    : name_(name), random_(std::move(random)), life_(std::move(life)) {}

void RecoveringRole::run(std::stop_token stop) {
  runtime::Backoff backoff(*random_, milliseconds(50), milliseconds(200), milliseconds(5'000));
  while (!stop.stop_requested()) {
    const auto born = steady_clock::now();
    auto trouble = live(life_, stop, *this);
    if (!trouble) return;
    if (stop.stop_requested()) {
      runtime::log::warn("stopped in the middle of a trouble", {{"error", *trouble}});
      return;
    }
    if (steady_clock::now() - born > kGoodLife) backoff.reset();
    const milliseconds pause = backoff.next();
    runtime::log::error("lost a server: beginning again", {{"error", *trouble}, {"pause_ms", pause.count()}});
    {
      const std::lock_guard lock(mutex_);
      why_not_ = std::move(*trouble);
    }
    runtime::sleep_unless_stopped(stop, pause);
  }
}

std::optional<std::string> RecoveringRole::problem() const {
  const std::lock_guard lock(mutex_);
  return check_ ? check_() : why_not_;
}

RecoveringRole::Working::Working(RecoveringRole& role, Check check) : role_(role) {
  const std::lock_guard lock(role_.mutex_);
  role_.check_ = std::move(check);
}

RecoveringRole::Working::~Working() {
  const std::lock_guard lock(role_.mutex_);
  role_.check_ = nullptr;
}

}  // namespace ordersaga::daemon
