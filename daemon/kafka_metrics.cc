#include "daemon/kafka_metrics.h"

#include "runtime/kafka/client.h"

namespace ordersaga::daemon {

void export_kafka_clients(runtime::Metrics& metrics) {
  auto& counter = metrics.counter("kafka_clients_left_behind_total", "Kafka clients whose threads did not end, left with their memory.");
  metrics.before_exposition([left = runtime::CounterMirror(counter)]() mutable { left.set(runtime::kafka::clients_left_behind()); });
}

}  // namespace ordersaga::daemon
