// From libpqxx' exceptions to the errors of errors.h.
#pragma once

#include <string>
#include <string_view>

namespace ordersaga::runtime::postgres {

// Throws the kind that an SQLSTATE stands for.
[[noreturn]] void throw_for_state(const std::string& sqlstate, const std::string& what);
// Throws the kind of a connection that could not be made; libpq gives no SQLSTATE then.
[[noreturn]] void throw_for_connect(const std::string& what);
// Translates the exception being handled. `open`: whether the connection still is.
[[noreturn]] void rethrow_classified(bool open);

}  // namespace ordersaga::runtime::postgres
