// The database as the roles reach it, and whether it is what they need.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/settings.h"
#include "runtime/secret.h"

namespace ordersaga::daemon {

// The users of least rights that schemas/sql makes, one for each role of the daemon.
inline constexpr std::string_view kWriterUser = "ordersaga_writer";
inline constexpr std::string_view kRelayUser = "ordersaga_relay";
inline constexpr std::string_view kProjectorUser = "ordersaga_projector";

// What libpq needs, with the password; as `user` unless the settings name another. A user in the settings' database is left
// out: that one is the operators', and their limits and rights are not the daemon's.
// Throws runtime::SettingsError when the settings' database cannot be read.
runtime::Secret database_target(const Settings& settings, std::string_view user);

// Number of shards of the log, or one line on what is wrong with the database and what to do about it.
std::variant<int, std::string> look_at_database(const runtime::Secret& target);

}  // namespace ordersaga::daemon
