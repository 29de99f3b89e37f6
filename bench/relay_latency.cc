#include "bench/relay_latency.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <exception>
#include <map>
#include <thread>
#include <utility>

#include "bench/one_relay.h"
#include "events/codec.h"
#include "ordersaga/order/v1/events.pb.h"
#include "runtime/postgres/connection.h"
#include "schemas/headers.h"

namespace ordersaga::bench {

namespace {

using Clock = std::chrono::steady_clock;
using runtime::kafka::Delivery;
using runtime::kafka::MessageView;
using runtime::kafka::OutgoingMessage;
using Place = std::pair<std::int32_t, std::int64_t>;  // shard, position

// When each record of the events topic was acknowledged. The relay's thread alone.
class Acknowledged {
 public:
  void sent(std::uint64_t token, Place place) { sent_[token] = place; }
  void delivered(std::uint64_t token) {
    const auto found = sent_.find(token);
    if (found == sent_.end()) return;
    at_[found->second] = Clock::now();
    sent_.erase(found);
  }
  Clock::time_point of(Place place) const { return at_.at(place); }

 private:
  std::map<std::uint64_t, Place> sent_;  // by token
  std::map<Place, Clock::time_point> at_;
};

class WatchedProducer final : public runtime::kafka::Producer {
 public:
  WatchedProducer(std::unique_ptr<Producer> real, Acknowledged& seen) : real_(std::move(real)), seen_(seen) {}
  bool produce(const OutgoingMessage& message, std::uint64_t token) override { return real_->produce(message, token); }
  bool produce_view(const MessageView& message, std::uint64_t token) override {
    if (!real_->produce_view(message, token)) return false;
    for (const auto& h : message.headers) {
      std::int64_t position = 0;
      if (h.name == headers::kPosition && std::from_chars(h.value.data(), h.value.data() + h.value.size(), position).ec == std::errc())
        seen_.sent(token, {message.partition, position});
    }
    return true;
  }
  void poll(std::chrono::milliseconds timeout, std::vector<Delivery>& out) override {
    const std::size_t before = out.size();
    real_->poll(timeout, out);
    for (std::size_t i = before; i < out.size(); ++i) seen_.delivered(out[i].token);
  }
  std::size_t in_flight() const override { return real_->in_flight(); }

 private:
  std::unique_ptr<Producer> real_;
  Acknowledged& seen_;
};

class WatchedBroker final : public relay::Broker {
 public:
  WatchedBroker(relay::Broker& real, Acknowledged& seen) : real_(real), seen_(seen) {}
  std::unique_ptr<runtime::kafka::Producer> new_producer(relay::Use use) override {
    // A reply's token says nothing of the events'.
    return use == relay::Use::log ? std::make_unique<WatchedProducer>(real_.new_producer(use), seen_) : real_.new_producer(use);
  }
  runtime::kafka::PartitionReader& reader() override { return real_.reader(); }
  std::string cluster_id() override { return real_.cluster_id(); }

 private:
  relay::Broker& real_;
  Acknowledged& seen_;
};

struct Committed {
  Place place;
  Clock::time_point at;
};

class Writer {
 public:
  Writer(const std::string& database, const LatencyLoad& load, std::string prefix, OneRelay& relay)
      : store_({.target = runtime::postgres::with_keyword(database, "user", "ordersaga_writer")}),
        load_(load),
        prefix_(std::move(prefix)),
        relay_(relay) {}

  std::vector<Committed> run() {
    std::vector<Committed> committed;
    const auto pause = std::chrono::nanoseconds(std::chrono::seconds(1)) / load_.turns_per_second;
    auto next = Clock::now();
    for (std::int64_t turn = 0; turn < load_.turns; ++turn) {
      std::this_thread::sleep_until(next += pause);
      append(turn, committed);
    }
    return committed;
  }

 private:
  void append(std::int64_t turn, std::vector<Committed>& committed) {
    std::vector<Shard> shards;
    for (int n = 0; n < (load_.all_shards ? store_.shards() : 1); ++n)
      shards.emplace_back(static_cast<std::int16_t>(load_.all_shards ? n : turn % store_.shards()));
    auto transaction = store_.begin(shards);
    events::TurnWrite write;
    for (std::int64_t i = 0; i < load_.records_per_turn; ++i)
      write.records.push_back({shards[static_cast<std::size_t>(i) % shards.size()], fmt::format("order-{}{}.{}", prefix_, turn, i),
                               Version(1), events::number_of(order::v1::OrderPlaced::descriptor()), std::string(256, 'p'), ""});
    Timestamp time = transaction->clock();
    for (const events::ShardHead& head : transaction->heads()) time = std::max(time, head.recorded_at);
    const auto outcome = transaction->write(write, time);
    transaction->commit();
    const auto now = Clock::now();
    const auto& positions = std::get<events::Written>(outcome).positions;
    if (load_.beside) {
      relay_.recent().add(transaction->epoch(), write.records, positions, time);
      relay_.wake().notify();
    }
    for (std::size_t i = 0; i < positions.size(); ++i) committed.push_back({{write.records[i].shard.value, positions[i].value}, now});
  }

  events::PostgresEventStore store_;
  const LatencyLoad load_;
  const std::string prefix_;
  OneRelay& relay_;
};

}  // namespace

std::vector<double> relay_latencies(const std::string& database, const runtime::kafka::Config& kafka, const LatencyLoad& load,
                                    const std::string& order_prefix) {
  Acknowledged seen;
  OneRelay one(database, kafka, [&seen](relay::Broker& real) { return std::make_unique<WatchedBroker>(real, seen); });
  one.assign(OneRelay::From::heads);
  Writer writer(database, load, order_prefix, one);
  std::vector<Committed> committed;
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  {
    const std::jthread thread([&] {
      try {
        committed = writer.run();
      } catch (...) {
        failure = std::current_exception();
        failed = true;
      }
    });
    const auto wanted = static_cast<std::uint64_t>(load.turns * load.records_per_turn);
    one.run_until([&](const relay::RelayCounters& c) { return c.published >= wanted || failed; });
  }
  if (failure) std::rethrow_exception(failure);
  std::vector<double> millis;
  millis.reserve(committed.size());
  for (const Committed& c : committed) millis.push_back(std::chrono::duration<double, std::milli>(seen.of(c.place) - c.at).count());
  std::sort(millis.begin(), millis.end());
  return millis;
}

}  // namespace ordersaga::bench
