// What a start needs of the world, in the order in which it is looked at: its own port, the database, the topics.
//
// Each of them throws StartupError, one line that says what to do, when something is missing and the settings do not say
// to wait for it; and gives nothing when the stop is requested while it waits.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "daemon/ops_endpoint.h"
#include "daemon/readiness.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

std::unique_ptr<OpsEndpoint> open_endpoint(const Settings& settings, const runtime::Metrics& metrics, const Readiness& readiness,
                                           const std::stop_token& stop);

// Number of shards of the log, and of partitions of each topic.
std::optional<int> find_shards(const Settings& settings, const std::stop_token& stop);

}  // namespace ordersaga::daemon
