// What a topic is on a broker's disk. Read there: the batches that records came in are seen nowhere else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ordersaga::bench {

struct TopicOnDisk {
  std::int64_t bytes = 0;
  std::int64_t batches = 0;
  std::int64_t records = 0;

  TopicOnDisk operator-(const TopicOnDisk& before) const {
    return {bytes - before.bytes, batches - before.batches, records - before.records};
  }
};

// All partitions of the topic below `log_dir`, the broker's log.dirs, which may be written to meanwhile. Throws
// std::runtime_error for what is not Kafka's format 2.
TopicOnDisk topic_on_disk(const std::filesystem::path& log_dir, const std::string& topic);

}  // namespace ordersaga::bench
