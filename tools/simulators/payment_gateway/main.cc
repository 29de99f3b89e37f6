// payment_gateway_simulator: see docs/simulators.md.
#include <CLI/CLI.hpp>
#include <iostream>

#include "tools/simulators/payment_gateway/server.h"
#include "tools/simulators/serve.h"

int main(int argc, char** argv) {
  namespace gateway = ordersaga::simulators::payment_gateway;
  CLI::App app("Simulates a payment gateway with a ledger of its own.");
  gateway::ServerOptions options;
  std::int64_t key_lifetime = options.gateway.key_lifetime.count();
  std::int64_t authorization_lifetime = options.gateway.authorization_lifetime.count();
  std::int64_t slow = options.gateway.slow.count();
  std::int64_t late = options.gateway.late.count();
  app.add_option("--port", options.port, "port of 127.0.0.1 to listen on; 0 picks one")->capture_default_str();
  app.add_option("--ledger", options.ledger, "file in which the ledger is kept over restarts");
  app.add_flag("--fsync", options.fsync, "flush the ledger to the disk before each answer");
  app.add_option("--latency-ms", options.latency, "time to answer: 5, 5..20 or exp:10")->capture_default_str();
  app.add_option("--seed", options.seed, "of the latency")->capture_default_str();
  app.add_option("--key-lifetime-s", key_lifetime, "how long an idempotency key is remembered")
      ->check(CLI::Range(1L, 31'536'000L))
      ->capture_default_str();
  app.add_option("--authorization-lifetime-s", authorization_lifetime, "how long an authorization can be captured")
      ->check(CLI::Range(1L, 31'536'000L))
      ->capture_default_str();
  app.add_option("--slow-ms", slow, "time that tok_slow takes")->check(CLI::Range(0L, 600'000L))->capture_default_str();
  app.add_option("--late-ms", late, "time that the answers of the timeout tokens take")
      ->check(CLI::Range(0L, 600'000L))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.gateway.key_lifetime = std::chrono::seconds(key_lifetime);
  options.gateway.authorization_lifetime = std::chrono::seconds(authorization_lifetime);
  options.gateway.slow = std::chrono::milliseconds(slow);
  options.gateway.late = std::chrono::milliseconds(late);
  return ordersaga::simulators::serve<gateway::GatewayServer>("payment_gateway_simulator", options);
}
