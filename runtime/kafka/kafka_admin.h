// What the cluster has, and making topics. Each call asks the broker and throws KafkaError when it does not answer within
// `patience`. One thread at a time.
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/kafka/client.h"

namespace ordersaga::runtime::kafka {

struct TopicSpec {
  std::string name;
  int partitions = 1;
  int replication = 1;
  std::vector<std::pair<std::string, std::string>> config;
};

class KafkaAdmin {
 public:
  explicit KafkaAdmin(const Config& config, std::chrono::milliseconds patience = std::chrono::seconds(10));

  // Creates those that are missing, and leaves the others as they are. Returns the names of the new ones; all can be
  // produced to when it returns.
  std::vector<std::string> create_topics(std::span<const TopicSpec> topics);
  // Number of partitions of every topic of the cluster.
  std::map<std::string, int> partition_counts();
  // Those of `topics` that the cluster lacks, in their order.
  std::vector<std::string> missing(std::span<const std::string> topics);
  // Tells one cluster from another; made anew when its disks are formatted.
  std::string cluster_id();

 private:
  void wait_until_known(std::span<const TopicSpec> topics);

  std::chrono::milliseconds patience_;
  ClientHandle client_;
};

}  // namespace ordersaga::runtime::kafka
