#include "daemon/projector_role.h"

#include "daemon/consumer_lag.h"
#include "daemon/database.h"
#include "daemon/kafka_settings.h"
#include "daemon/recovering_role.h"
#include "events/postgres_event_store.h"
#include "projections/all_projections.h"
#include "projections/postgres_read_store.h"
#include "projections/projector_role.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/system_random.h"
#include "schemas/headers.h"

namespace ordersaga::daemon {
namespace {

// Two sessions, each with a thread and a connection: while one computes, the other's rows are written. They share the shards
// as any two members of the group do, and no row of a read model belongs to more than one shard.
constexpr std::string_view kNames[] = {"projector", "projector-2"};
void live(std::string_view name, const Settings& settings, runtime::Metrics& metrics, const std::stop_token& stop, RecoveringRole& role) {
  const runtime::SystemClock clock;
  runtime::SystemRandom random;
  const std::string target = database_target(settings, kProjectorUser).reveal();
  events::PostgresEventStore log({.target = target});
  projections::PostgresReadStore store(target);
  runtime::kafka::ConsumerOptions membership;
  membership.group = projections::kProjectorGroup;
  membership.topics = {std::string(topics::kEvents)};
  runtime::kafka::KafkaConsumer consumer(kafka_config(settings, name), as_member(std::move(membership), settings, name));
  projections::Runner runner(consumer, log, store, clock, projections::all_projections());
  const auto exported = projections::export_counters(metrics, runner, std::string(name));
  const ConsumerLag lag(metrics, consumer, projections::kProjectorGroup, topics::kEvents, name);
  projections::ProjectorHealth health;
  const RecoveringRole::Working working(role, [&] { return projections::problem_of(runner.counters(), health, clock.steady()); });
  projections::run_projector(stop, runner, clock, random, health, [&consumer] { return consumer.brokers_down(); });
}

}  // namespace

std::vector<std::unique_ptr<Role>> make_projector_roles(const Settings& settings, runtime::Metrics& metrics) {
  std::vector<std::unique_ptr<Role>> roles;
  for (std::string_view name : kNames)
    roles.push_back(std::make_unique<RecoveringRole>(
        name, std::make_unique<runtime::SystemRandom>(),
        [name, &settings, &metrics](const std::stop_token& stop, RecoveringRole& role) { live(name, settings, metrics, stop, role); }));
  return roles;
}

}  // namespace ordersaga::daemon
