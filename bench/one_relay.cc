#include "bench/one_relay.h"

#include <stdexcept>

#include "runtime/postgres/connection.h"

namespace ordersaga::bench {

namespace {

std::string as_relay(const std::string& database) {
  return runtime::postgres::with_keyword(database, "user", "ordersaga_relay");
}

}  // namespace

OneRelay::OneRelay(const std::string& database, const runtime::kafka::Config& kafka, const BrokerWrapper& wrap)
    : store_({.target = as_relay(database)}),
      in_store_(as_relay(database)),
      tail_(recent_, in_store_, clock_),
      kafka_(kafka, [this] { wake_.nudge(); }),
      wrapped_(wrap ? wrap(kafka_) : nullptr),
      relay_(store_, wrapped_ ? *wrapped_ : static_cast<relay::Broker&>(kafka_), cursors_, clock_, {}, &tail_) {}

void OneRelay::assign(From from) {
  const std::string cluster = kafka_.cluster_id();
  for (const events::ShardHead& head : store_.heads()) {
    const relay::Cursor cursor{head.shard, store_.epoch(), from == From::beginning ? Position(0) : head.position, relay::kSendAgain,
                               cluster};
    cursors_.save({&cursor, 1});
    relay_.assign(head.shard);
  }
}

void OneRelay::run_until(const std::function<bool(const relay::RelayCounters&)>& done) {
  while (!done(relay_.counters())) {
    const relay::Progress progress = relay_.step(std::chrono::milliseconds(0));
    if (progress.rest > std::chrono::microseconds(0) && wake_.wait({}, progress.rest)) relay_.wake();
    if (relay_.counters().restarts > 0) throw std::runtime_error("the relay lost its producer");
  }
}

}  // namespace ordersaga::bench
