// The relay as a role of the daemon: a loop on the calling thread, its membership in the group that spreads the shards, and
// its metrics.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "outbox-relay/relay.h"
#include "outbox-relay/wake.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/metrics.h"

namespace ordersaga::relay {

// The consumer group of all relays.
inline constexpr std::string_view kRelayGroup = "ordersaga-relay";

// Membership in that group, on the events topic, without reading: who is assigned partition n publishes shard n.
runtime::kafka::ConsumerOptions relay_membership();

// Steps until stopped; then waits some seconds for what is in flight, and saves the cursors. `member` was made with
// relay_membership(). It rests in `wake`, which the broker's producers nudge (KafkaBroker) and orchestrators of the same
// process notify; what others append it finds by asking the log (pace.h).
// `polled` is called after each poll of the member, on this thread; may be empty.
// Throws StoreError and KafkaError: begin again with new connections.
void run_relay(std::stop_token stop, Relay& relay, runtime::kafka::Consumer& member, Wake& wake, const std::function<void()>& polled = {});

// What keeps a relay from its work, as far as its counters tell; nullopt: nothing. Any thread.
std::optional<std::string> problem_of(const RelayCounters& counters);

// Exposes the relay's counters, as long as what it returns lives. The relay and the metrics must outlive that.
std::unique_ptr<runtime::Metrics::Collection> export_counters(runtime::Metrics& metrics, const Relay& relay);

}  // namespace ordersaga::relay
