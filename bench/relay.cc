// bench_relay: the log to Kafka. One relay, alone, in this process, on an empty database, which it migrates.
//
//   bench_relay --database "…" --brokers "…" [--orders N] [--rounds R] [--turns T]
//
//   1. Throughput: all records of a log filled with orders, against Kafka's ProducerPerformance with as many messages of the
//      same size, in turns; the ratio is the median of the rounds'.
//   2. Latency: turns of five records in one shard, 100 a second; from the end of their COMMIT to Kafka's acknowledgement.
//   3. The same, busy: turns of 120 records in all shards, 100 a second.
//
// Prints a table on stderr and one JSON object on stdout. CPU time is from /proc, batches are from the broker's disk.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/kafka_segments.h"
#include "bench/one_relay.h"
#include "bench/order_log.h"
#include "bench/process_usage.h"
#include "bench/producer_performance.h"
#include "bench/relay_latency.h"
#include "bench/statistics.h"
#include "events/schema.h"
#include "outbox-relay/topics.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/log.h"
#include "runtime/postgres/connection.h"
#include "runtime/settings.h"
#include "schemas/headers.h"

namespace ordersaga::bench {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr const char* kPeerTopic = "ordersaga.bench.peer.v1";
// Records of a shard whose messages are measured.
constexpr std::size_t kSample = 10'000;
constexpr std::int64_t kTurnsPerSecond = 100;
constexpr std::int64_t kTurnRecords = 5;
constexpr std::int64_t kBusyTurnRecords = 120;
// Parts of a process that took less of its time are not worth a line.
constexpr double kSmallPart = 0.03;

struct Settings {
  std::string brokers = "127.0.0.1:9092";
  std::string database = "dbname=ordersaga_relay user=postgres";
  std::string processes;
  std::string kafka_jars = ".cache/kafka";
  std::string kafka_log_dir;
  std::string peer_properties = "batch.size=131072 linger.ms=5 buffer.memory=67108864";
  std::int64_t orders = 80'000;
  std::int64_t wave = 2'000;
  std::int64_t rounds = 5;
  std::int64_t turns = 2'000;
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& s) {
  runtime::SettingsReader reader("bench_relay", "Measures the way from the log to Kafka.", ORDERSAGA_VERSION);
  reader.add("brokers", s.brokers, "Kafka's bootstrap servers");
  reader.add("database", s.database, "an empty Postgres database, as a libpq connection string of a superuser");
  reader.add("processes", s.processes, "whose CPU time to measure: name=pid,name=pid…");
  reader.add("kafka_jars", s.kafka_jars, "folder of Kafka's jars");
  reader.add("kafka_log_dir", s.kafka_log_dir, "the broker's log.dirs, to look at batches; empty: not looked at");
  reader.add("peer_properties", s.peer_properties, "producer properties of ProducerPerformance, beside acks and idempotence");
  reader.add("orders", s.orders, "orders in the log, of some 12 records each", {10, 9'999'999});
  reader.add("wave", s.wave, "orders that are under way together", {1, 100'000});
  reader.add("rounds", s.rounds, "runs of each side, after one that does not count; 0: the relay alone, once", {0, 99});
  reader.add("turns", s.turns, "turns of each latency; 0: none is measured", {0, 1'000'000});
  return reader.read(argc, argv, runtime::process_environment());
}

runtime::kafka::Config kafka_of(const Settings& s) {
  runtime::kafka::Config config;
  config.brokers = s.brokers;
  return config;
}

// CPU seconds of a million messages, by process and its parts.
class Costs {
 public:
  explicit Costs(const NamedPids& pids) : pids_(pids) { look(before_); }

  Json stop(std::int64_t messages) const {
    std::vector<ProcessUsage> after;
    look(after);
    const auto each = [messages](double seconds) { return rounded(seconds * 1e6 / static_cast<double>(messages)); };
    Json result = Json::object();
    for (std::size_t i = 0; i < pids_.size(); ++i) {
      const double all = after[i].cpu_seconds - before_[i].cpu_seconds;
      Json& process = result[pids_[i].first];
      process["all"] = each(all);
      for (const auto& [name, seconds] : after[i].parts) {
        const auto was = before_[i].parts.find(name);
        const double used = seconds - (was == before_[i].parts.end() ? 0 : was->second);
        if (used > kSmallPart * all) process[name] = each(used);
      }
    }
    return result;
  }

 private:
  void look(std::vector<ProcessUsage>& into) const {
    for (const auto& [name, pid] : pids_) into.push_back(usage_of(pid));
  }

  const NamedPids& pids_;
  std::vector<ProcessUsage> before_;
};

struct Side {
  double per_second = 0;
  Json cpu;
  TopicOnDisk topic;  // what the run added to it
};

class Bench {
 public:
  explicit Bench(const Settings& settings) : s_(settings), pids_(parse_processes(settings.processes)) {
    pids_.emplace_back("bench_relay", getpid());
  }

  Json run() {
    fill();
    message_bytes_ = mean_message_bytes();
    std::vector<Side> ours;
    std::vector<Side> theirs;
    // A broker compiles itself once in its life.
    if (s_.rounds > 0) relay_all(), peer();
    for (std::int64_t round = 0; round < std::max<std::int64_t>(s_.rounds, 1); ++round) {
      // Neither always comes second.
      if (round % 2 == 1) theirs.push_back(peer());
      ours.push_back(relay_all());
      if (s_.rounds > 0 && round % 2 == 0) theirs.push_back(peer());
      fmt::print(stderr, "round {}: relay {:.0f}/s", round + 1, ours.back().per_second);
      if (!theirs.empty()) fmt::print(stderr, ", ProducerPerformance {:.0f}/s", theirs.back().per_second);
      fmt::print(stderr, "\n");
    }
    Json result = {{"benchmark", "relay"}, {"records", records_}, {"message_bytes", message_bytes_}, {"relay", summary(ours)}};
    if (!theirs.empty()) {
      result["producer_performance"] = summary(theirs);
      std::vector<double> ratios;
      for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i].per_second / theirs[i].per_second);
      result["ratio"] = rounded(median(ratios));
    }
    if (s_.turns > 0) {
      result["latency_beside"] = latency({s_.turns, kTurnsPerSecond, kTurnRecords, false, true}, "late-beside-");
      result["latency_alone"] = latency({s_.turns, kTurnsPerSecond, kTurnRecords, false, false}, "late-");
      result["busy"] = latency({s_.turns, kTurnsPerSecond, kBusyTurnRecords, true, true}, "busy-");
    }
    return result;
  }

 private:
  void fill() {
    events::migrate(s_.database, {});
    events::PostgresEventStore log({.target = runtime::postgres::with_keyword(s_.database, "user", "ordersaga_writer")});
    shards_ = log.shards();
    records_ = static_cast<std::int64_t>(fill_log(log, "relay-", static_cast<int>(s_.orders), static_cast<int>(s_.wave)));
    runtime::postgres::Connection server(s_.database);
    server.exec("VACUUM ANALYZE log.events");
    server.exec("CHECKPOINT");
    runtime::kafka::KafkaAdmin admin(kafka_of(s_));
    std::vector<runtime::kafka::TopicSpec> specs = relay::standing_topic_specs(shards_, 1);
    const auto events = std::find_if(specs.begin(), specs.end(), [](const auto& spec) { return spec.name == topics::kEvents; });
    runtime::kafka::TopicSpec like_events = *events;
    like_events.name = kPeerTopic;
    specs.push_back(std::move(like_events));
    admin.create_topics(specs);
  }
  // What a message takes without Kafka's framing.
  std::size_t mean_message_bytes() const {
    events::PostgresEventStore store({.target = runtime::postgres::with_keyword(s_.database, "user", "ordersaga_relay")});
    const events::ShardPosition from{Shard(0), Position(0)};
    relay::Composer composer(store.shards());
    std::size_t bytes = 0;
    const auto records = store.read_shards({&from, 1}, kSample);
    for (const events::RecordedEvent& record : records) {
      const runtime::kafka::MessageView out = composer.compose(record, store.epoch()).at(0).out;
      bytes += out.key->size() + out.value.size();
      for (const auto& h : out.headers) bytes += h.name.size() + h.value.size();
    }
    return bytes / std::max<std::size_t>(records.size(), 1);
  }
  TopicOnDisk on_disk(std::string_view topic) const {
    return s_.kafka_log_dir.empty() ? TopicOnDisk{} : topic_on_disk(s_.kafka_log_dir, std::string(topic));
  }
  Side relay_all() const {
    const TopicOnDisk before = on_disk(topics::kEvents);
    OneRelay one(s_.database, kafka_of(s_));
    const Costs costs(pids_);
    const auto began = Clock::now();
    one.assign(OneRelay::From::beginning);
    one.run_until([this](const relay::RelayCounters& c) { return c.published >= static_cast<std::uint64_t>(records_); });
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    return {static_cast<double>(records_) / seconds, costs.stop(records_), on_disk(topics::kEvents) - before};
  }
  Side peer() const {
    const TopicOnDisk before = on_disk(kPeerTopic);
    const Costs costs(pids_);
    const double rate = producer_performance({s_.kafka_jars, s_.brokers, kPeerTopic, records_, message_bytes_, s_.peer_properties});
    return {rate, costs.stop(records_), on_disk(kPeerTopic) - before};
  }
  Json latency(const LatencyLoad& load, const std::string& prefix) const {
    const TopicOnDisk before = on_disk(topics::kEvents);
    const Costs costs(pids_);
    const std::vector<double> millis = relay_latencies(s_.database, kafka_of(s_), load, prefix);
    Json result = {{"records", millis.size()},
                   {"p50_ms", rounded(percentile(millis, 0.5))},
                   {"p99_ms", rounded(percentile(millis, 0.99))},
                   {"max_ms", rounded(percentile(millis, 1))},
                   {"cpu_s_per_million", costs.stop(static_cast<std::int64_t>(millis.size()))}};
    add_batches(result, on_disk(topics::kEvents) - before);
    return result;
  }
  static void add_batches(Json& result, const TopicOnDisk& topic) {
    if (topic.batches == 0) return;
    result["bytes_per_message_on_disk"] = topic.bytes / topic.records;
    result["messages_per_batch"] = rounded(static_cast<double>(topic.records) / static_cast<double>(topic.batches));
  }
  // Of the run in the middle.
  Json summary(std::vector<Side> sides) const {
    std::sort(sides.begin(), sides.end(), [](const Side& a, const Side& b) { return a.per_second < b.per_second; });
    Json rates = Json::array();
    for (const Side& side : sides) rates.push_back(std::round(side.per_second));
    const Side& middle = sides[(sides.size() - 1) / 2];
    Json result = {{"per_second", std::round(middle.per_second)}, {"all_runs", rates}, {"cpu_s_per_million", middle.cpu}};
    add_batches(result, middle.topic);
    return result;
  }

  const Settings& s_;
  NamedPids pids_;
  int shards_ = 0;
  std::int64_t records_ = 0;
  std::size_t message_bytes_ = 0;
};

// Every number, under the names of what holds it.
void print_table(const Json& json, const std::string& under) {
  for (const auto& [name, value] : json.items()) {
    const std::string path = under.empty() ? name : under + " · " + name;
    if (value.is_object())
      print_table(value, path);
    else if (value.is_number())
      fmt::print(stderr, "  {:<60} {:>12}\n", path, value.dump());
  }
}

}  // namespace
}  // namespace ordersaga::bench

int main(int argc, char** argv) {
  using namespace ordersaga;
  mallopt(M_MXFAST, 0);  // as ordersagad does
  bench::Settings settings;
  try {
    if (auto text = bench::read_settings(argc, argv, settings)) {
      std::cout << *text;
      return 0;
    }
    runtime::log::configure(runtime::log::Level::warn, runtime::log::Format::automatic);
    const bench::Json result = bench::Bench(settings).run();
    bench::print_table(result, "");
    std::cout << result.dump() << "\n";
    return 0;
  } catch (const runtime::SettingsError& error) {
    fmt::print(stderr, "bench_relay: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_relay: {}\n", error.what());
    return 1;
  }
}
