// One GET, waited for.
#pragma once

#include <string>

#include "tools/sagactl/context.h"

namespace ordersaga::sagactl {

// The JSON that `url` + `target` answers with. Throws Failure: unreachable, or failed for another answer than 200.
Json http_get_json(Context& context, const std::string& url, const std::string& target);

}  // namespace ordersaga::sagactl
