// What an answer from outside, or its absence, means for a saga.
//
// The rules, for calls that change something:
//   200                                   SUCCEEDED
//   400, 402, 409, 413, 422               FAILED: a definite no
//   401, 403, 404, 405, 408, 425, 429     UNAVAILABLE: it was not even tried; somebody has to mend or wait
//   any 5xx whose body says nothing_done  UNAVAILABLE
//   any other status, or unreadable body  UNKNOWN: it may have been done
//   nothing was sent                      UNAVAILABLE
//   sent, no whole answer in time         UNKNOWN
// A query speaks of the call that it asks about: only an answer that says what became of that call, or that its key was
// never seen (NOT_FOUND), settles anything; all else is UNKNOWN. Tracking changes nothing: what gives no status is
// UNAVAILABLE.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ordersaga/saga/v1/effect.pb.h"
#include "runtime/http/client.h"

namespace ordersaga::consumers {

// A result that belongs to the request, without an outcome.
saga::v1::EffectResult result_for(const saga::v1::EffectRequest& request);

bool is_query(saga::v1::Operation operation);

void set_outcome(saga::v1::EffectResult& result, saga::v1::EffectOutcome outcome, std::string_view code, std::string message);

// A participant's own words for an error, and whether it says that nothing was done.
struct ErrorBody {
  std::string code;
  std::string message;
  bool nothing_done = false;
};
// Of {"error":{"code":…,"message":…,"nothing_done":…}}; empty code for everything else.
ErrorBody parse_error(std::string_view body);

// Sets the outcome by the rules above for everything but a readable 200. `refused` names, in our closed list of codes, a
// participant's definite no.
void set_failure(saga::v1::EffectResult& result, const runtime::http::Result& answer, std::string_view (*refused)(std::string_view code));

// An answer that was given but makes no sense.
void set_unreadable(saga::v1::EffectResult& result, std::string why);

}  // namespace ordersaga::consumers
