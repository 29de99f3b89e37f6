#include "daemon/servers.h"

#include <fmt/format.h>

#include "daemon/database.h"
#include "daemon/startup_checks.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/log.h"
#include "runtime/system_random.h"

namespace ordersaga::daemon {
namespace {

constexpr std::chrono::seconds kBrokerPatience{5};

IfMissing if_missing(const Settings& settings) {
  return settings.wait ? IfMissing::wait : IfMissing::fail;
}

std::string_view user_of(const Settings& settings) {
  if (settings.runs("orchestrator")) return kWriterUser;
  return settings.runs("relay") ? kRelayUser : kProjectorUser;
}

std::optional<std::string> look_at_topics(const Settings& settings, int shards) {
  try {
    // What it says of brokers that are down is said in the problem.
    runtime::kafka::KafkaAdmin admin({.brokers = settings.brokers, .extra = {}, .log = [](auto, auto) {}}, kBrokerPatience);
    return topics_problem(admin.partition_counts(), shards);
  } catch (const runtime::kafka::KafkaError& error) {
    return fmt::format("cannot reach Kafka at {}: {}: start it, or set --brokers", settings.brokers, error.what());
  }
}

}  // namespace

std::unique_ptr<OpsEndpoint> open_endpoint(const Settings& settings, const runtime::Metrics& metrics, const Readiness& readiness,
                                           const std::stop_token& stop) {
  std::unique_ptr<OpsEndpoint> endpoint;
  const auto open = [&]() -> std::optional<std::string> {
    try {
      endpoint = std::make_unique<OpsEndpoint>(settings.http_address, static_cast<std::uint16_t>(settings.http_port), metrics, readiness);
      return std::nullopt;
    } catch (const std::runtime_error& error) {
      return fmt::format("{}: end what has the port, or set --http-port", error.what());
    }
  };
  runtime::SystemRandom random;
  if (!pass(open, if_missing(settings), random, stop)) return nullptr;
  runtime::log::info("listening", {{"address", settings.http_address}, {"port", endpoint->port()}});
  return endpoint;
}

std::optional<int> find_shards(const Settings& settings, const std::stop_token& stop) {
  runtime::SystemRandom random;
  int shards = 0;
  const runtime::Secret target = database_target(settings, user_of(settings));
  const auto database = [&]() -> std::optional<std::string> {
    auto seen = look_at_database(target);
    if (auto* problem = std::get_if<std::string>(&seen)) return std::move(*problem);
    shards = std::get<int>(seen);
    return std::nullopt;
  };
  if (!pass(database, if_missing(settings), random, stop)) return std::nullopt;
  if (!pass([&] { return look_at_topics(settings, shards); }, if_missing(settings), random, stop)) return std::nullopt;
  runtime::log::info("found the database and the topics", {{"shards", shards}});
  return shards;
}

}  // namespace ordersaga::daemon
