#include "daemon/relay_role.h"

#include "daemon/database.h"
#include "daemon/kafka_settings.h"
#include "daemon/recovering_role.h"
#include "events/postgres_event_store.h"
#include "outbox-relay/kafka_broker.h"
#include "outbox-relay/postgres_cursor.h"
#include "outbox-relay/relay_role.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/system_random.h"

namespace ordersaga::daemon {
namespace {

constexpr std::string_view kName = "relay";

void live(const Settings& settings, runtime::Metrics& metrics, relay::Wake& wake, const std::stop_token& stop,
          const std::function<void()>& working) {
  const runtime::SystemClock clock;
  const std::string target = database_target(settings, kRelayUser).reveal();
  events::PostgresEventStore store({.target = target});
  relay::PostgresCursorStore cursors(target);
  relay::KafkaBroker broker(kafka_config(settings, kName));
  runtime::kafka::KafkaConsumer member(kafka_config(settings, kName), as_member(relay::relay_membership(), settings, kName));
  relay::Relay relay(store, broker, cursors, clock);
  const auto exported = relay::export_counters(metrics, relay);
  working();
  relay::run_relay(stop, relay, member, wake);
}

}  // namespace

std::unique_ptr<Role> make_relay_role(const Settings& settings, runtime::Metrics& metrics, relay::Wake& wake) {
  return std::make_unique<RecoveringRole>(kName, std::make_unique<runtime::SystemRandom>(),
                                          [&settings, &metrics, &wake](const std::stop_token& stop, const std::function<void()>& working) {
                                            live(settings, metrics, wake, stop, working);
                                          });
}

}  // namespace ordersaga::daemon
