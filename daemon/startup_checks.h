// What must be there before the roles start. Each check answers with nothing, or with one line that says what is wrong and
// what to do about it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>

#include "runtime/clock.h"

namespace ordersaga::daemon {

// One line, for the operator.
struct StartupError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using StartupCheck = std::function<std::optional<std::string>()>;

enum class IfMissing { fail, wait };

// Runs the check until it finds nothing wrong. IfMissing::fail: throws StartupError with what it found. IfMissing::wait:
// logs that and tries again with growing pauses. False: the stop was requested in the meantime.
bool pass(const StartupCheck& check, IfMissing if_missing, runtime::Random& random, const std::stop_token& stop);

// Whether the topics that every role needs have as many partitions as the log has shards.
std::optional<std::string> topics_problem(const std::map<std::string, int>& partition_counts, int shards);

}  // namespace ordersaga::daemon
