// I11: partition n of ordersaga.events.v1 is shard n of the log. What a consumer from the partition's beginning can rely on:
// - Each message is its record, byte for byte (an input record without the command's bytes), repetitions and strays too.
// - A message of an earlier epoch is the log's record as well, unless a later epoch's start undid its position
//   (events/epochs.h). What was undone is passed over, whatever it says.
// - First occurrences come in order, without a gap, from position 1 (or the oldest that retention left) up to where the relay
//   must be.
// - Save that strays may lead: when Kafka lost its data, a new and empty partition may take what a producer still had in its
//   queue, before the relay begins anew at position 1 behind it. So a position ahead is no finding if position 1 follows
//   further on, and from there on all is in order and complete, what the strays were included. The consumer fills such a gap
//   from the log, and drops what comes then as repetitions. Nothing else mends a gap.
// Memory: 8 bytes for each record of one shard, and the first kMaxGaps gaps, which are findings only once it is known that
// no beginning follows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
  struct Gap {
    std::int64_t offset;
    Position after;
    Position position;
  };
  static constexpr std::size_t kMaxGaps = Findings::kKept;

  void see_message(const ShardSnapshot& snapshot, const PublishedEvent& message);
  void take_place(const PublishedEvent& message);
  void compare(Shard shard, const PublishedEvent& message);
  void report_gaps(Shard shard);
  void report_end(Shard shard, Position due);

  TopicSource& topic_;
  Findings& findings_;
  std::vector<std::uint64_t> records_;  // digest of the record at position index + 1
  Epoch epoch_;
  std::vector<events::EpochStart> starts_;
  Position last_;  // first occurrences seen up to here, since the last beginning
  bool any_ = false;
  std::optional<bool> whole_;             // nothing of the partition is gone by retention
  std::vector<Gap> gaps_;                 // since the last beginning
  std::optional<std::int64_t> began_at_;  // offset of position 1 behind strays
  Position furthest_stray_;
};

}  // namespace ordersaga::verify
