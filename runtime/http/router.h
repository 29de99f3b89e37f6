// Finds the handler of a request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/http/server.h"

namespace ordersaga::runtime::http {

class Router {
 public:
  explicit Router(std::vector<Route> routes);

  // Splits the target of `incoming.request` and fills in path, parameters and query. Null when nothing matches; then
  // `known_path` says whether another method would have.
  const Handler* find(Incoming& incoming, bool& known_path) const;

 private:
  struct Compiled {
    Route route;
    std::vector<std::string> segments;
  };
  std::vector<Compiled> routes_;
};

}  // namespace ordersaga::runtime::http
