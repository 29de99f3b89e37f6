// Counters of the system under load, as its surroundings see them; what a run has cost is a difference of two.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/http/client.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::bench {

// Rows that were written to a table and, with it, to its partitions.
struct TableRows {
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
  std::int64_t hot = 0;  // of the updated: those that touched no index
  std::int64_t deleted = 0;
};

struct Figures {
  std::int64_t turns = 0;    // the orchestrator's commits
  std::int64_t inputs = 0;   // what those turns decided: commands, results, wake-ups
  std::int64_t records = 0;  // appended to the log
  std::int64_t wal_bytes = 0;
  std::map<std::string, std::int64_t> statements;  // round trips of the daemons' connections, by database role
  std::map<std::string, std::int64_t> commits;     // of their transactions, by database role
  std::map<std::string, std::int64_t> messages;    // end offsets, by topic, summed over its partitions
};

// What Postgres counts of itself.
struct Statistics {
  std::int64_t wal_syncs = 0;
  std::int64_t wal_writes = 0;
  std::int64_t full_page_images = 0;
  std::map<std::string, TableRows> rows;  // by schema.table
};

// One thread. Everything throws when what it asks does not answer.
class System {
 public:
  // `metrics_urls`: http://host:port of each daemon, separated by commas.
  System(const runtime::kafka::Config& kafka, const std::string& database, const std::string& metrics_urls);

  Figures figures();
  // A session that has nothing to do tells its numbers up to ten seconds later: they are whole after such a rest.
  static constexpr std::chrono::milliseconds kStatisticsRest{11'000};
  Statistics statistics();
  // Makes Postgres write what is dirty and keep its old WAL files for reuse, as a server does that has run for hours; what follows is
  // measured without a checkpoint that happens to fall into it, and without making new files. REQUIRES: the right to.
  void checkpoint();
  // Messages that were ever written to a topic.
  std::int64_t messages(const std::string& topic);
  // The daemons' counter, summed over its labels.
  std::int64_t counter(const std::string& name);
  // Of the orders whose id begins so, those that order_summary shows as confirmed (or further) or rejected.
  std::int64_t orders_shown(const std::string& prefix);

 private:
  std::string metrics_text();  // of all daemons

  runtime::kafka::KafkaAdmin admin_;
  runtime::kafka::KafkaPartitionReader reader_;
  std::map<std::string, int> topics_;
  runtime::postgres::Connection database_;
  std::vector<runtime::http::Endpoint> daemons_;
  runtime::http::Client http_;
};

}  // namespace ordersaga::bench
