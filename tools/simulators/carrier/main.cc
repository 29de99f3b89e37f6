// carrier_simulator: see docs/simulators.md.
#include <CLI/CLI.hpp>

#include "tools/simulators/carrier/server.h"
#include "tools/simulators/serve.h"

int main(int argc, char** argv) {
  namespace carrier = ordersaga::simulators::carrier;
  CLI::App app("Simulates a parcel carrier with a ledger of its own.");
  carrier::ServerOptions options;
  std::int64_t key_lifetime = options.carrier.key_lifetime.count();
  std::int64_t advance = options.carrier.advance_every.count();
  std::int64_t slow = options.carrier.slow.count();
  std::int64_t late = options.carrier.late.count();
  app.add_option("--port", options.port, "port of 127.0.0.1 to listen on; 0 picks one")->capture_default_str();
  app.add_option("--ledger", options.ledger, "file in which the ledger is kept over restarts");
  app.add_flag("--fsync", options.fsync, "flush the ledger to the disk before each answer");
  app.add_option("--latency-ms", options.latency, "time to answer: 5, 5..20 or exp:10")->capture_default_str();
  app.add_option("--seed", options.seed, "of the latency")->capture_default_str();
  app.add_option("--key-lifetime-s", key_lifetime, "how long an idempotency key is remembered")
      ->check(CLI::Range(1L, 31'536'000L))
      ->capture_default_str();
  app.add_option("--advance-ms", advance, "time between two tracking statuses; 0: only on command")
      ->check(CLI::Range(0L, 86'400'000L))
      ->capture_default_str();
  app.add_option("--slow-ms", slow, "time that the postcode SLOW takes")->check(CLI::Range(0L, 600'000L))->capture_default_str();
  app.add_option("--late-ms", late, "time that the answers of the timeout postcodes take")
      ->check(CLI::Range(0L, 600'000L))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.carrier.key_lifetime = std::chrono::seconds(key_lifetime);
  options.carrier.advance_every = std::chrono::milliseconds(advance);
  options.carrier.slow = std::chrono::milliseconds(slow);
  options.carrier.late = std::chrono::milliseconds(late);
  return ordersaga::simulators::serve<carrier::CarrierServer>("carrier_simulator", options);
}
