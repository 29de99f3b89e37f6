// One relay alone in this process: what the daemon's role is made of, without the group that spreads the shards.
#pragma once

#include <functional>
#include <string>

#include "events/postgres_event_store.h"
#include "events/recent_records.h"
#include "outbox-relay/kafka_broker.h"
#include "outbox-relay/postgres_tail.h"
#include "outbox-relay/recent_tail.h"
#include "outbox-relay/relay.h"
#include "outbox-relay/wake.h"

namespace ordersaga::bench {

// One thread, but for wake() and recent().
class OneRelay {
 public:
  using BrokerWrapper = std::function<std::unique_ptr<relay::Broker>(relay::Broker&)>;

  // `database`: of any user; it connects as the relay. `wrap`, when given, gives the broker that the relay uses.
  OneRelay(const std::string& database, const runtime::kafka::Config& kafka, const BrokerWrapper& wrap = {});

  enum class From { beginning, heads };
  // All shards. Everything above `from` is sent, whatever stands on the topic.
  void assign(From from);
  // Throws std::runtime_error when the relay loses its producer: it would send twice.
  void run_until(const std::function<bool(const relay::RelayCounters&)>& done);
  // For who appends in this process, as an orchestrator beside the relay does.
  relay::Wake& wake() { return wake_; }
  events::RecentRecords& recent() { return recent_; }

 private:
  const runtime::SystemClock clock_;
  relay::Wake wake_;
  events::PostgresEventStore store_;
  events::RecentRecords recent_{8 << 20};  // as the daemon
  relay::PostgresTail in_store_;
  relay::RecentTail tail_;
  relay::KafkaBroker kafka_;
  std::unique_ptr<relay::Broker> wrapped_;
  relay::MemoryCursorStore cursors_;
  relay::Relay relay_;
};

}  // namespace ordersaga::bench
