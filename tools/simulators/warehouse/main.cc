// warehouse_simulator: see docs/simulators.md.
#include <fmt/format.h>

#include <array>
#include <exception>
#include <iostream>
#include <optional>

#include "runtime/clock.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/kafka/kafka_producer.h"
#include "runtime/log.h"
#include "runtime/settings.h"
#include "runtime/shutdown.h"
#include "schemas/headers.h"
#include "tools/simulators/warehouse/warehouse.h"

namespace ordersaga::simulators::warehouse {
namespace {

using namespace std::chrono_literals;
namespace kafka = runtime::kafka;

struct Settings {
  std::string brokers = "127.0.0.1:9092";
  std::string group = "ordersaga-warehouse";
  std::string instance;
  Options options;
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& settings) {
  runtime::SettingsReader reader("warehouse_simulator", "Packs every shipment that is created.", ORDERSAGA_VERSION);
  reader.add("brokers", settings.brokers, "Kafka's bootstrap servers");
  reader.add("warehouse_group", settings.group, "consumer group; its members share the work");
  reader.add("instance", settings.instance,
             "name of this process in its group: whoever comes back under it, or after its broker was away, need not wait until its "
             "old self counts as gone (45 s). Empty: none");
  reader.add("pack_delay", settings.options.delay, "time from an event to its command", {0ms, 24h});
  reader.add("pack_rate", settings.options.rate, "parcels a second; 0: no limit", {0, 1'000'000});
  return reader.read(argc, argv, runtime::process_environment());
}

void run(const Settings& settings, const std::stop_token& stop) {
  kafka::Config config{.brokers = settings.brokers, .client_id = "warehouse_simulator", .extra = {}, .log = {}};
  {
    kafka::KafkaAdmin admin(config);
    const std::array needed{std::string(topics::kEvents), std::string(topics::kCommands)};
    for (const std::string& topic : admin.missing(needed))
      throw kafka::KafkaError(fmt::format("topic {} does not exist; sagactl topic create makes all of them", topic));
  }
  runtime::SystemClock clock;
  kafka::KafkaProducer producer(config, {});
  kafka::KafkaConsumer consumer(config,
                                {.group = settings.group, .topics = {std::string(topics::kEvents)}, .instance_id = settings.instance});
  Warehouse warehouse(consumer, producer, clock, settings.options);
  while (!stop.stop_requested()) warehouse.step(100ms);
  runtime::log::info("stopped", {{"packed", warehouse.packed()}});
}

}  // namespace
}  // namespace ordersaga::simulators::warehouse

int main(int argc, char** argv) {
  using namespace ordersaga;
  simulators::warehouse::Settings settings;
  try {
    if (auto text = simulators::warehouse::read_settings(argc, argv, settings)) {
      std::cout << *text;
      return 0;
    }
    runtime::Shutdown shutdown(std::chrono::seconds(10));
    simulators::warehouse::run(settings, shutdown.token());
    return 0;
  } catch (const runtime::SettingsError& error) {
    std::cerr << "warehouse_simulator: " << error.what() << std::endl;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "warehouse_simulator: " << error.what() << std::endl;
    return 1;
  }
}
