// Counters of the system under load, as its surroundings see them; what a run has cost is a difference of two.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runtime/http/client.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::bench {

struct Figures {
  std::int64_t turns = 0;    // the orchestrator's commits
  std::int64_t inputs = 0;   // what those turns decided: commands, results, wake-ups
  std::int64_t records = 0;  // appended to the log
  std::int64_t transactions = 0;
  std::int64_t wal_bytes = 0;
  std::map<std::string, std::int64_t> messages;  // end offsets, by topic, summed over its partitions
};

// One thread. Everything throws when what it asks does not answer.
class System {
 public:
  // `metrics_url`: http://host:port of the daemon that runs the orchestrator.
  System(const runtime::kafka::Config& kafka, const std::string& database, const std::string& metrics_url);

  // Postgres counts a session's transactions when it has been idle for a second: figures are whole after a pause.
  Figures figures();
  // Messages that were ever written to a topic.
  std::int64_t messages(const std::string& topic);
  // The daemon's counter, summed over its labels.
  std::int64_t counter(const std::string& name);
  // Of the orders whose id begins so, those that order_summary shows as confirmed (or further) or rejected.
  std::int64_t orders_shown(const std::string& prefix);

 private:
  std::string metrics_text();

  runtime::kafka::KafkaAdmin admin_;
  runtime::kafka::KafkaPartitionReader reader_;
  std::map<std::string, int> topics_;
  runtime::postgres::Connection database_;
  runtime::http::Endpoint metrics_;
  runtime::http::Client http_;
};

}  // namespace ordersaga::bench
