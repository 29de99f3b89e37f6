// bench_append: the records of whole turns through the event store, against a bare COPY of the same rows into a table with the
// same partitions and indexes. The two alternate in one run, and which of them comes first does too; what counts is the median of
// the rounds' ratios.
//
//   bench_append [--rounds N]
//
// The turns are real: a lane over a log in memory decides orders, and what it writes is kept and written again here. Both sides
// commit each turn with fsync. The COPY is libpq's, binary, of a buffer that is ready before its clock starts; the store's
// encoding, its lock and its look at heads and versions are inside of its time. The whole turn, with inbox, wake-ups and
// stock, is timed as well; that is what an orchestrator pays.
//
// Prints a table on stderr and one JSON object a size on stdout.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/copy.h"
#include "bench/sample_orders.h"
#include "consumers/lane.h"
#include "events/memory_event_store.h"
#include "events/postgres_event_store.h"
#include "runtime/postgres/connection.h"
#include "runtime/settings.h"

namespace ordersaga::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr int kSizes[] = {100, 500};  // orders of a turn
constexpr const char* kTable = "public.bench_events";
// log.events once more: the same columns, partitions and indexes.
constexpr const char* kMakeTable = R"(
CREATE TABLE public.bench_events (LIKE log.events INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (position, shard)) PARTITION BY LIST (shard);
DO $$
DECLARE
  l record;
BEGIN
  FOR l IN SELECT DISTINCT shard FROM log.event_leaves LOOP
    EXECUTE format('CREATE TABLE public.bench_events_%s PARTITION OF public.bench_events FOR VALUES IN (%s) PARTITION BY RANGE (position)',
                   l.shard, l.shard);
  END LOOP;
  FOR l IN SELECT * FROM log.event_leaves LOOP
    EXECUTE format('CREATE TABLE public.bench_events_%s_%s PARTITION OF public.bench_events_%s (UNIQUE (stream, version)) '
                   'FOR VALUES FROM (%s) TO (%s)', l.shard, l.leaf, l.shard, l.first_position, l.end_position);
  END LOOP;
END $$)";

constexpr runtime::postgres::Statement kWriter{"bench_writer", "SELECT pid FROM pg_stat_activity WHERE usename = 'ordersaga_writer'"};
constexpr std::int64_t kUnmeasured = 3;  // the first rounds prepare statements and warm caches
constexpr const char* kColumns[] = {"store_ms",    "copy_ms",           "ratio_to_copy", "store_cpu_ms",
                                    "copy_cpu_ms", "cpu_ratio_to_copy", "whole_turn_ms", "whole_turn_cpu_ms"};

struct Settings {
  std::string database = "dbname=ordersaga";
  std::int64_t rounds = 30;
};

// Stands still: no wake-up may come between the turns.
class StoppedClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return now_; }
  std::chrono::microseconds steady() const override { return {}; }

 private:
  runtime::WallTime now_ = runtime::SystemClock().now();
};

class NoEffects final : public consumers::Effects {
 public:
  void start(const saga::v1::EffectRequest&, Done) override {}
  std::size_t in_flight() const override { return 0; }
};

// Decides orders in memory, and gives what each turn would write.
class Turns {
 public:
  explicit Turns(int shards)
      : log_({.shards = shards,
              .clock = [this] { return clock_.now(); },
              .hooks = {.before_begin = {},
                        .before_write = [this](const events::TurnWrite& turn) { written_.push_back(turn); },
                        .at_commit = {}}}),
        store_(log_),
        lane_(store_, effects_, clock_,
              {.shards = shards, .max_inputs = 1'000'000, .max_state_bytes = 2 * 1024 * 1024, .max_effects = 1'000'000},
              {.handled = [](consumers::Handled) {}, .committed = {}}),
        shards_(shards) {
    for (int s = 0; s < shards; ++s) lane_.offer(consumers::Assign{Shard(static_cast<std::int16_t>(s))});
  }

  events::TurnWrite receipts() {
    for (std::size_t i = 0; i < kSkus; ++i) {
      const inventory::v1::ReceiveStock receipt = make_receipt(i);
      offer(receipt.sku(), receipt);
    }
    return decide();
  }
  // The turn in which that many new orders are placed.
  events::TurnWrite orders(int count) {
    for (int i = 0; i < count; ++i, ++placed_) {
      const std::string id = fmt::format("0192f3a1-0000-7000-8000-{:012}", placed_);
      offer(id, make_order(id, placed_, false));
    }
    return decide();
  }

 private:
  void offer(const std::string& key, const google::protobuf::Message& command) {
    runtime::kafka::OutgoingMessage out = command_message(key, command, "bench-" + key, {}, {});
    runtime::kafka::ConsumedMessage message;
    message.topic = std::move(out.topic);
    message.partition = shard_of(key, shards_).value;
    message.offset = offset_++;
    message.timestamp = std::chrono::floor<std::chrono::milliseconds>(clock_.now());
    message.key = key;
    message.value = std::move(out.value);
    message.headers = std::move(out.headers);
    lane_.offer(std::move(message));
  }
  events::TurnWrite decide() {
    written_.clear();
    while (lane_.step() == consumers::Lane::Step::progressed) {
    }
    if (written_.size() != 1) throw std::runtime_error(fmt::format("{} turns were written instead of one", written_.size()));
    return std::move(written_.front());
  }

  StoppedClock clock_;
  std::vector<events::TurnWrite> written_;
  events::MemoryLog log_;
  events::MemoryEventStore store_;
  NoEffects effects_;
  consumers::Lane lane_;
  int shards_;
  std::int64_t offset_ = 0;
  std::size_t placed_ = 0;
};

// What one side's turn took. CPU time: of its Postgres backend, and of this program.
struct Cost {
  double millis = 0;
  double backend_millis = 0;
  double client_millis = 0;
  double cpu_millis() const { return backend_millis + client_millis; }
};

// Nanoseconds that a process has run, as the scheduler counts them.
std::int64_t nanoseconds_run(std::int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/schedstat", pid));
  std::int64_t nanoseconds = 0;
  if (!(file >> nanoseconds)) throw std::runtime_error(fmt::format("process {} cannot be measured: is Postgres on another machine?", pid));
  return nanoseconds;
}

template <class F>
Cost cost_of(std::int64_t backend, F&& work) {
  const std::int64_t backend_ran = nanoseconds_run(backend), client_ran = nanoseconds_run(getpid());
  const auto began = Clock::now();
  work();
  const double millis = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
  return {millis, static_cast<double>(nanoseconds_run(backend) - backend_ran) / 1e6,
          static_cast<double>(nanoseconds_run(getpid()) - client_ran) / 1e6};
}

void append(events::EventStore& store, const events::TurnWrite& turn) {
  std::vector<Shard> shards;
  for (const events::NewRecord& r : turn.records) shards.push_back(r.shard);
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  const auto transaction = store.begin(shards);
  Timestamp now = transaction->clock();
  for (const events::ShardHead& head : transaction->heads()) now = std::max(now, head.recorded_at);
  if (!std::holds_alternative<events::Written>(transaction->write(turn, now))) throw std::runtime_error("the store refused a turn");
  transaction->commit();
}

// The COPY's side: its table has positions of its own, dense as the log's.
class CopiedLog {
 public:
  explicit CopiedLog(const std::string& target) : copier_(target) { copier_.command(kMakeTable); }

  RecordRows rows_of(const std::vector<events::NewRecord>& records, Timestamp now) {
    RecordRows rows;
    for (const events::NewRecord& r : records) rows.add(r, Position(++heads_[r.shard]), now);
    rows.finish();
    return rows;
  }
  void copy(const RecordRows& rows) { copier_.copy_records(kTable, rows.bytes()); }
  std::int64_t backend() const { return copier_.backend(); }

 private:
  Copier copier_;
  std::map<Shard, std::int64_t> heads_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// One value of each round's.
template <class F>
double median_of(const std::vector<std::array<Cost, 3>>& rounds, F&& value) {
  std::vector<double> values;
  values.reserve(rounds.size());
  for (const auto& [store, copy, whole] : rounds) values.push_back(value(store, copy, whole));
  return median(std::move(values));
}

Json summary(int size, std::size_t rows, const std::vector<std::array<Cost, 3>>& rounds) {
  using C = const Cost&;
  const double store_ms = median_of(rounds, [](C store, C, C) { return store.millis; });
  return {{"benchmark", "append"},
          {"orders", size},
          {"rows", rows},
          {"rounds", rounds.size()},
          {"store_ms", store_ms},
          {"copy_ms", median_of(rounds, [](C, C copy, C) { return copy.millis; })},
          {"whole_turn_ms", median_of(rounds, [](C, C, C whole) { return whole.millis; })},
          {"store_cpu_ms", median_of(rounds, [](C store, C, C) { return store.cpu_millis(); })},
          {"copy_cpu_ms", median_of(rounds, [](C, C copy, C) { return copy.cpu_millis(); })},
          {"whole_turn_cpu_ms", median_of(rounds, [](C, C, C whole) { return whole.cpu_millis(); })},
          {"store_backend_cpu_ms", median_of(rounds, [](C store, C, C) { return store.backend_millis; })},
          {"copy_backend_cpu_ms", median_of(rounds, [](C, C copy, C) { return copy.backend_millis; })},
          {"store_rows_per_second", static_cast<double>(rows) / store_ms * 1000},
          {"ratio_to_copy", median_of(rounds, [](C store, C copy, C) { return copy.millis / store.millis; })},
          {"cpu_ratio_to_copy", median_of(rounds, [](C store, C copy, C) { return copy.cpu_millis() / store.cpu_millis(); })}};
}

void print(const Json& json) {
  fmt::print(stderr, "{:>8} {:>8}", json["orders"].get<int>(), json["rows"].get<int>());
  for (const char* name : kColumns) fmt::print(stderr, " {:>18.2f}", json[name].get<double>());
  fmt::print(stderr, "\n");
  std::cout << json.dump() << std::endl;
}

void run(const Settings& s) {
  events::PostgresEventStore store({.target = runtime::postgres::with_keyword(s.database, "user", "ordersaga_writer")});
  CopiedLog copied(s.database);
  const std::int64_t writer = runtime::postgres::Connection(s.database).exec(kWriter, {}).integer(0, 0);
  Turns turns(store.shards());
  append(store, turns.receipts());
  fmt::print(stderr, "\n{:>8} {:>8}", "orders", "rows");
  for (const char* name : kColumns) fmt::print(stderr, " {:>18}", name);
  fmt::print(stderr, "\n");
  for (const int size : kSizes) {
    std::vector<std::array<Cost, 3>> rounds;
    std::size_t rows = 0;
    for (std::int64_t round = -kUnmeasured; round < s.rounds; ++round) {
      events::TurnWrite decided = turns.orders(size);
      // By shard, as the store sends them: so the COPY has them in the same order.
      std::ranges::stable_sort(decided.records, {}, &events::NewRecord::shard);
      events::TurnWrite records;
      records.records = std::move(decided.records);
      records.versions_are_known = decided.versions_are_known;
      rows = records.records.size();
      const RecordRows as_rows = copied.rows_of(records.records, runtime::SystemClock().now());
      Cost stored, copy;
      auto store_now = [&] { stored = cost_of(writer, [&] { append(store, records); }); };
      if (round % 2 == 0) store_now();
      copy = cost_of(copied.backend(), [&] { copied.copy(as_rows); });
      if (round % 2 != 0) store_now();
      const events::TurnWrite turn = turns.orders(size);
      const Cost whole = cost_of(writer, [&] { append(store, turn); });
      if (round >= 0) rounds.push_back({stored, copy, whole});
    }
    print(summary(size, rows, rounds));
  }
}

}  // namespace
}  // namespace ordersaga::bench

int main(int argc, char** argv) {
  using namespace ordersaga;
  bench::Settings settings;
  try {
    runtime::SettingsReader reader("bench_append", "Measures appending turns against a bare COPY.", ORDERSAGA_VERSION);
    reader.add("database", settings.database, "Postgres, migrated and empty, as a superuser: a libpq connection string");
    reader.add("rounds", settings.rounds, "turns of each size that are measured", {1, 10'000});
    if (auto text = reader.read(argc, argv, runtime::process_environment())) {
      std::cout << *text;
      return 0;
    }
    bench::run(settings);
    return 0;
  } catch (const runtime::SettingsError& error) {
    fmt::print(stderr, "bench_append: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_append: {}\n", error.what());
    return 1;
  }
}
