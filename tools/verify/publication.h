// I11: partition n of ordersaga.events.v1 is shard n of the log. Every position up to where the relay must be is there;
// first occurrences come in order without a gap; each message is its record, byte for byte (an input record without the
// command's bytes), and so is every duplicate.
// Memory: 8 bytes for each record of one shard.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/verify/checker.h"

namespace ordersaga::verify {

class PublicationChecker final : public Checker {
 public:
  // `topic` must outlive the checker.
  PublicationChecker(TopicSource& topic, Findings& findings) : topic_(topic), findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;

 private:
  void see_message(const ShardSnapshot& snapshot, const PublishedEvent& message);

  TopicSource& topic_;
  Findings& findings_;
  std::vector<std::uint64_t> records_;  // digest of the record at position index + 1
  Epoch epoch_;
  Position last_;  // first occurrences seen up to here
  bool any_ = false;
};

}  // namespace ordersaga::verify
