#include "daemon/store_metrics.h"

#include <map>
#include <string>

#include "runtime/postgres/connection.h"

namespace ordersaga::daemon {

void export_store_traffic(runtime::Metrics& metrics) {
  struct Mirrors {
    runtime::CounterMirror statements, commits;
  };
  metrics.before_exposition([&metrics, mirrors = std::map<std::string, Mirrors>()]() mutable {
    for (const auto& [user, traffic] : runtime::postgres::traffic_by_user()) {
      const runtime::Metrics::Labels role{{"role", user}};
      auto found = mirrors.find(user);
      if (found == mirrors.end())
        found = mirrors
                    .emplace(user, Mirrors{runtime::CounterMirror(metrics.counter(
                                               "store_statements_total", "Round trips to Postgres, BEGIN and COMMIT included.", role)),
                                           runtime::CounterMirror(metrics.counter("store_commits_total", "Transactions committed.", role))})
                    .first;
      found->second.statements.set(traffic.statements);
      found->second.commits.set(traffic.commits);
    }
  });
}

}  // namespace ordersaga::daemon
