// The simulated payment gateway over HTTP. docs/simulators.md describes its paths.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/clock.h"
#include "runtime/http/server.h"
#include "tools/simulators/payment_gateway/logic.h"

namespace ordersaga::simulators::payment_gateway {

struct ServerOptions {
  std::uint16_t port = 0;  // 0: the system picks one
  Options gateway;
  std::string latency = "0";  // as Latency reads it
  std::uint64_t seed = 1;
  std::string ledger;  // path; empty: the ledger lives in memory only
  bool fsync = false;
};

// Serves from its own thread while it exists. `clock` outlives it. Throws std::runtime_error or std::invalid_argument when
// the port is taken, the ledger cannot be read or an option makes no sense.
class GatewayServer {
 public:
  GatewayServer(const ServerOptions& options, const runtime::Clock& clock);
  ~GatewayServer();

  std::uint16_t port() const;
  // Lets answers be given for at most `patience`, then serves no more.
  void stop(std::chrono::milliseconds patience);

 private:
  class Desk;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<runtime::http::Server> server_;  // after the desk: its thread uses it
};

}  // namespace ordersaga::simulators::payment_gateway
