#include "daemon/relay_role.h"

#include <atomic>

#include "daemon/database.h"
#include "daemon/kafka_settings.h"
#include "daemon/recovering_role.h"
#include "events/postgres_event_store.h"
#include "outbox-relay/kafka_broker.h"
#include "outbox-relay/postgres_cursor.h"
#include "outbox-relay/postgres_tail.h"
#include "outbox-relay/recent_tail.h"
#include "outbox-relay/relay_role.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/system_random.h"

namespace ordersaga::daemon {
namespace {

constexpr std::string_view kName = "relay";

void live(const Settings& settings, runtime::Metrics& metrics, Handover& handover, const std::stop_token& stop, RecoveringRole& role) {
  const runtime::SystemClock clock;
  const std::string target = database_target(settings, kRelayUser).reveal();
  events::PostgresEventStore store({.target = target});
  relay::PostgresCursorStore cursors(target);
  relay::KafkaBroker broker(kafka_config(settings, kName), [&handover] { handover.log_grew.nudge(); });
  runtime::kafka::KafkaConsumer member(kafka_config(settings, kName), as_member(relay::relay_membership(), settings, kName));
  relay::PostgresTail in_store(target);
  relay::RecentTail tail(handover.records, in_store, clock);
  relay::Relay relay(store, broker, cursors, clock, {}, &tail);
  const auto exported = relay::export_counters(metrics, relay);
  std::atomic<bool> brokers_down = false;
  const RecoveringRole::Working working(role, [&]() -> std::optional<std::string> {
    if (brokers_down) return "Kafka cannot be reached";
    return relay::problem_of(relay.counters());
  });
  relay::run_relay(stop, relay, member, handover.log_grew, [&] { brokers_down = member.brokers_down(); });
}

}  // namespace

std::unique_ptr<Role> make_relay_role(const Settings& settings, runtime::Metrics& metrics, Handover& handover) {
  return std::make_unique<RecoveringRole>(kName, std::make_unique<runtime::SystemRandom>(),
                                          [&settings, &metrics, &handover](const std::stop_token& stop, RecoveringRole& role) {
                                            live(settings, metrics, handover, stop, role);
                                          });
}

}  // namespace ordersaga::daemon
