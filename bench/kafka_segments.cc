#include "bench/kafka_segments.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace ordersaga::bench {

namespace {

namespace fs = std::filesystem;

// Of a batch: base offset (8), length of what follows (4), leader epoch (4), magic (1), crc (4), attributes (2),
// last offset delta (4), timestamps (16), producer (14), number of records (4).
constexpr std::size_t kBatchHeader = 61;
constexpr std::int64_t kBeforeLength = 12;
constexpr std::size_t kMagicAt = 16;
constexpr std::size_t kRecordsAt = 57;

std::int32_t int32_at(const std::array<char, kBatchHeader>& header, std::size_t at) {
  std::uint32_t raw = 0;
  std::memcpy(&raw, header.data() + at, sizeof raw);
  return static_cast<std::int32_t>(ntohl(raw));
}

void add_segment(const fs::path& path, TopicOnDisk& sum) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, kBatchHeader> header{};
  for (std::int64_t at = 0; file.seekg(at) && file.read(header.data(), header.size());) {
    if (header[kMagicAt] != 2) throw std::runtime_error(path.string() + " has no batch at " + std::to_string(at));
    const std::int64_t bytes = kBeforeLength + int32_at(header, 8);
    ++sum.batches;
    sum.bytes += bytes;
    sum.records += int32_at(header, kRecordsAt);
    at += bytes;
  }
}

}  // namespace

TopicOnDisk topic_on_disk(const fs::path& log_dir, const std::string& topic) {
  TopicOnDisk sum;
  for (const auto& partition : fs::directory_iterator(log_dir)) {
    const std::string name = partition.path().filename().string();
    const std::size_t dash = name.rfind('-');
    if (dash == std::string::npos || name.substr(0, dash) != topic) continue;
    for (const auto& file : fs::directory_iterator(partition.path()))
      if (file.path().extension() == ".log") add_segment(file.path(), sum);
  }
  return sum;
}

}  // namespace ordersaga::bench
