#include "outbox-relay/relay_role.h"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/headers.h"

namespace ordersaga::relay {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFinishLimit{4'000};
constexpr milliseconds kBearableLag{60'000};

void follow(Relay& relay, const std::vector<runtime::kafka::Rebalance>& changes) {
  for (const runtime::kafka::Rebalance& change : changes)
    for (const std::int32_t partition : change.partitions) {
      const Shard shard(static_cast<std::int16_t>(partition));
      if (change.assigned)
        relay.assign(shard);
      else
        relay.revoke(shard);
    }
}

}  // namespace

runtime::kafka::ConsumerOptions relay_membership() {
  runtime::kafka::ConsumerOptions options;
  options.group = kRelayGroup;
  options.topics = {std::string(topics::kEvents)};
  options.reads = false;
  return options;
}

void run_relay(std::stop_token stop, Relay& relay, runtime::kafka::Consumer& member, Wake& wake, const std::function<void()>& polled) {
  while (!stop.stop_requested()) {
    // 1. Which shards are ours.
    follow(relay, member.poll(1, milliseconds(0)).rebalances);
    if (polled) polled();
    // 2. Publish.
    const Progress progress = relay.step(milliseconds(0));
    // 3. Rest until the log grows, deliveries come, or it is time to ask.
    if (progress.rest > std::chrono::microseconds(0) && wake.wait(stop, progress.rest)) relay.wake();
  }
  relay.finish(kFinishLimit);
}

std::optional<std::string> problem_of(const RelayCounters& counters) {
  if (const auto halted = counters.halted_shards.load(); halted > 0)
    return fmt::format("{} shards are halted until an operator has looked; the log says why", halted);
  if (const auto age = counters.oldest_age_millis.load(); age > kBearableLag.count())
    return fmt::format("a record has waited {} s to be published", age / 1000);
  return std::nullopt;
}

std::unique_ptr<runtime::Metrics::Collection> export_counters(runtime::Metrics& metrics, const Relay& relay) {
  struct Counted {
    const std::atomic<std::uint64_t>* value;
    runtime::CounterMirror mirror;
  };
  struct Gauged {
    const std::atomic<std::int64_t>* value;
    prometheus::Gauge* gauge;
    double unit;
  };
  const RelayCounters& c = relay.counters();
  std::vector<Counted> counted;
  auto count = [&](const char* name, const char* help, const std::atomic<std::uint64_t>& value,
                   const runtime::Metrics::Labels& labels = {}) {
    counted.push_back({&value, runtime::CounterMirror(metrics.counter(name, help, labels))});
  };
  const char* const read = "Records that the relay read, and where";
  count("relay_records_read_total", read, c.from_memory, {{"from", "memory"}});
  count("relay_records_read_total", read, c.from_store, {{"from", "store"}});
  count("outbox_published_total", "Records confirmed on all their topics", c.published);
  count("outbox_messages_total", "Messages that Kafka acknowledged", c.messages);
  count("outbox_dropped_replies_total", "Replies whose topic refused them", c.dropped_replies);
  count("outbox_expired_total", "Messages older than their topic's retention, left out", c.expired);
  count("outbox_restarts_total", "Producers dropped after a failed delivery", c.restarts);
  count("outbox_republished_total", "Times that an operator had a shard published once more", c.republished);
  count("outbox_kafka_losses_total", "Times that the events topic lacked what was confirmed", c.losses);
  std::vector<Gauged> gauged;
  auto gauge = [&](const char* name, const char* help, const std::atomic<std::int64_t>& value, double unit = 1.0) {
    gauged.push_back({&value, &metrics.gauge(name, help), unit});
  };
  gauge("outbox_backlog", "Records not yet confirmed, of the shards of this relay", c.backlog);
  gauge("outbox_oldest_age_seconds", "Age of the oldest record that is not confirmed", c.oldest_age_millis, 0.001);
  gauge("outbox_in_flight", "Messages whose fate is open", c.in_flight);
  gauge("outbox_assigned_shards", "Shards that this relay publishes", c.assigned_shards);
  gauge("outbox_halted_shards", "Shards halted until an operator has looked", c.halted_shards);
  return std::make_unique<runtime::Metrics::Collection>(metrics, [counted, gauged]() mutable {
    for (Counted& one : counted) one.mirror.set(one.value->load());
    for (const Gauged& one : gauged) one.gauge->Set(static_cast<double>(one.value->load()) * one.unit);
  });
}

}  // namespace ordersaga::relay
