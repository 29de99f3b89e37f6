// What machines ask the process over HTTP: /metrics (Prometheus), /health (it is alive), /ready (it can do its work).
#pragma once

#include <cstdint>
#include <string>

#include "daemon/readiness.h"
#include "runtime/http/server.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

class OpsEndpoint {
 public:
  // Listens when the constructor returns; on `port` 0 the system picks one. Throws std::runtime_error, naming address and
  // port, when it cannot. `metrics` and `readiness` outlive this.
  OpsEndpoint(const std::string& address, std::uint16_t port, const runtime::Metrics& metrics, const Readiness& readiness);

  std::uint16_t port() const { return server_.port(); }

 private:
  runtime::http::Server server_;
};

}  // namespace ordersaga::daemon
