#include "daemon/orchestrator_role.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "consumers/effects/http_effects.h"
#include "consumers/effects/measured_effects.h"
#include "consumers/orchestrator.h"
#include "daemon/consumer_lag.h"
#include "daemon/database.h"
#include "daemon/kafka_settings.h"
#include "daemon/orchestrator_metrics.h"
#include "daemon/recovering_role.h"
#include "events/postgres_event_store.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/kafka/kafka_producer.h"
#include "runtime/system_random.h"
#include "schemas/headers.h"
#include "tools/simulators/inprocess_effects.h"

namespace ordersaga::daemon {
namespace {

constexpr std::string_view kName = "orchestrator";

std::unique_ptr<consumers::Effects> make_effects(const Settings& settings, const runtime::Clock& clock, runtime::Metrics& metrics) {
  if (settings.gateway_url == kInProcess) return std::make_unique<simulators::InProcessEffects>(clock);
  consumers::HttpEffectsOptions options;
  options.payment_gateway = runtime::http::Endpoint::parse(settings.gateway_url);
  options.carrier = runtime::http::Endpoint::parse(settings.carrier_url);
  return std::make_unique<consumers::MeasuredEffects>(std::make_unique<consumers::HttpEffects>(options), metrics, clock);
}

class Orchestration {
 public:
  Orchestration(const Settings& settings, int shards, runtime::Metrics& metrics, Handover& handover)
      : settings_(settings), shards_(shards), metrics_(metrics), handover_(handover), effects_(make_effects(settings, clock_, metrics)) {}

  // Connections live as long as one life; the effects, and what the gateway inside the process remembers, as long as the role.
  void live(const std::stop_token& stop, RecoveringRole& role) {
    runtime::kafka::ConsumerOptions membership;
    membership.group = consumers::kOrchestratorGroup;
    membership.topics = {std::string(topics::kCommands)};
    // What is here when a partition is paused for its lane's backlog is thrown away, and fetched again when it goes on.
    membership.queue_messages = 10'000;
    membership.queue_bytes = 4 * 1024 * 1024;
    runtime::kafka::KafkaConsumer consumer(kafka_config(settings_, kName), as_member(std::move(membership), settings_, kName));
    consumers::OrchestratorSettings orchestration = orchestrator_settings();
    orchestration.brokers_down = [&consumer] { return consumer.brokers_down(); };
    runtime::kafka::KafkaProducer producer(kafka_config(settings_, kName), {});
    consumers::Orchestrator orchestrator(
        consumer, producer, *effects_, make_stores(), clock_, std::move(orchestration), [this] { handover_.log_grew.notify(); }, &metrics_,
        &handover_.records);
    const OrchestratorMetrics exported(metrics_, orchestrator, *effects_);
    const ConsumerLag lag(metrics_, consumer, consumers::kOrchestratorGroup, topics::kCommands, kName);
    const RecoveringRole::Working working(role, [&orchestrator] { return orchestrator.problem(); });
    orchestrator.run(stop);
  }

 private:
  std::vector<std::unique_ptr<events::EventStore>> make_stores() const {
    const std::string target = database_target(settings_, kWriterUser).reveal();
    std::vector<std::unique_ptr<events::EventStore>> stores;
    for (std::int64_t lane = 0; lane < settings_.lanes; ++lane)
      stores.push_back(std::make_unique<events::PostgresEventStore>(events::PostgresStoreOptions{.target = target}));
    return stores;
  }

  consumers::OrchestratorSettings orchestrator_settings() const {
    consumers::OrchestratorSettings settings;
    settings.commands_topic = topics::kCommands;
    settings.lane.shards = shards_;
    settings.lane.max_inputs = static_cast<std::size_t>(settings_.turn_size);
    settings.lane.max_lag = std::chrono::seconds(settings_.ready_lag);
    // Another life has another name, whatever the process is called.
    runtime::SystemRandom random;
    settings.lane.care.owner = fmt::format("{}/{}/{:08x}", settings_.instance, getpid(), random.next() & 0xffffffff);
    return settings;
  }

  const Settings& settings_;
  const int shards_;
  runtime::Metrics& metrics_;
  Handover& handover_;
  const runtime::SystemClock clock_;
  const std::unique_ptr<consumers::Effects> effects_;
};

}  // namespace

std::unique_ptr<Role> make_orchestrator_role(const Settings& settings, int shards, runtime::Metrics& metrics, Handover& handover) {
  // shared: std::function copies what it holds
  auto orchestration = std::make_shared<Orchestration>(settings, shards, metrics, handover);
  return std::make_unique<RecoveringRole>(
      kName, std::make_unique<runtime::SystemRandom>(),
      [orchestration](const std::stop_token& stop, RecoveringRole& role) { orchestration->live(stop, role); });
}

}  // namespace ordersaga::daemon
