#include "daemon/projector_role.h"

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

constexpr std::string_view kName = "projector";

void live(const Settings& settings, runtime::Metrics& metrics, const std::stop_token& stop, const std::function<void()>& working) {
  const runtime::SystemClock clock;
  runtime::SystemRandom random;
  const std::string target = database_target(settings, kProjectorUser).reveal();
  events::PostgresEventStore log({.target = target});
  projections::PostgresReadStore store(target);
  runtime::kafka::ConsumerOptions membership;
  membership.group = projections::kProjectorGroup;
  membership.topics = {std::string(topics::kEvents)};
  runtime::kafka::KafkaConsumer consumer(kafka_config(settings, kName), as_member(std::move(membership), settings, kName));
  projections::Runner runner(consumer, log, store, clock, projections::all_projections());
  const auto exported = projections::export_counters(metrics, runner);
  working();
  projections::run_projector(stop, runner, random);
}

}  // namespace

std::unique_ptr<Role> make_projector_role(const Settings& settings, runtime::Metrics& metrics) {
  return std::make_unique<RecoveringRole>(
      kName, std::make_unique<runtime::SystemRandom>(),
      [&settings, &metrics](const std::stop_token& stop, const std::function<void()>& working) { live(settings, metrics, stop, working); });
}

}  // namespace ordersaga::daemon
