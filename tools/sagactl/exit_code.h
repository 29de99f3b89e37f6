// What sagactl's exit says. A contract with scripts: numbers never change their meaning.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace ordersaga::sagactl {

enum class ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  not_allowed = 4,
  refused = 5,      // by state, by a rule, or by a conflict
  timed_out = 6,    // a wait ran out: what was asked for may still happen
  unreachable = 7,  // Postgres, Kafka or a service does not answer
  findings = 8,     // verify and doctor found something
  interrupted = 130,
};

// The exit code for an error code of a reply (schemas/error_codes.h).
ExitCode exit_code_of(std::string_view error_code);

// Ends the command. `what` is one line; `next` says what to do about it, and may be empty.
struct Failure : std::runtime_error {
  Failure(ExitCode exit_code, const std::string& what, std::string what_next = {})
      : std::runtime_error(what), code(exit_code), next(std::move(what_next)) {}
  ExitCode code;
  std::string next;
};

}  // namespace ordersaga::sagactl
