// One GET, waited for.
#pragma once

#include <optional>
#include <string>

#include "tools/sagactl/context.h"

namespace ordersaga::sagactl {

// The JSON that `url` + `target` answers with; nullopt when it answers with status 404. Throws Failure: unreachable, or failed
// for any other answer than 200.
std::optional<Json> http_get_json_if_there(Context& context, const std::string& url, const std::string& target);

// The JSON that `url` + `target` answers with. Throws Failure: unreachable, or failed for another answer than 200.
Json http_get_json(Context& context, const std::string& url, const std::string& target);

}  // namespace ordersaga::sagactl
