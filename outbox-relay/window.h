// One shard between the log and Kafka: records that were read and are not yet confirmed on all their topics. Pure.
#pragma once

#include <optional>

#include "outbox-relay/message.h"
#include "outbox-relay/resume.h"
#include "outbox-relay/ring.h"

namespace ordersaga::relay {

class Window {
 public:
  // Empties it. Whoever sends from here on is new to the partition: the first event goes alone.
  void begin(const ResumePoint& point);

  // How many records after `taken` may be read now, of `limit`. REQUIRES: taken ≥ added().
  std::size_t readable(Position taken, std::size_t limit) const;
  // Whether the event of the record at `position` is on the topic already, and is left out.
  bool is_on_topic(Position position) const { return position <= on_topic_; }

  // REQUIRES: the record after added(). `messages` of it are to be sent, of `bytes` together.
  void add(Position position, Timestamp recorded_at, std::size_t messages, std::size_t bytes);
  Position added() const { return added_; }
  // An event was handed to the producer.
  void event_sent();

  // The fates of what was sent. False: the offset does not rise, so what is below it is not what it was.
  [[nodiscard]] bool confirm_event(Position position, std::int64_t offset);
  void settle_other(Position position);

  // All up to here is confirmed on all topics.
  Position confirmed() const { return confirmed_; }
  // The last confirmed record whose offset is known.
  struct Mark {
    Position position;
    std::int64_t offset;
  };
  const std::optional<Mark>& mark() const { return mark_; }
  // When the oldest record that is not confirmed was recorded.
  std::optional<Timestamp> oldest() const { return records_.empty() ? std::nullopt : std::optional(records_.front().recorded_at); }

  // What is held: messages whose fate is open, the records from the first of these on, and their bytes.
  std::size_t open_messages() const { return open_messages_; }
  std::size_t records() const { return records_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Record {
    Timestamp recorded_at;
    std::int64_t offset;
    std::size_t bytes;
    std::size_t open;  // messages
  };
  enum class Start { nothing_sent, first_sent, running };

  void settle(Record& record);
  void advance();
  Record& at(Position position) { return *records_.find(static_cast<std::uint64_t>(position.value - base_)); }

  Ring<Record> records_;   // of positions confirmed_ + 1, …, added_
  std::int64_t base_ = 0;  // position of the record that has number 0
  Position confirmed_;
  Position added_;
  Position on_topic_;
  std::int64_t on_topic_offset_ = -1;
  std::int64_t last_offset_ = -1;
  std::optional<Mark> mark_;
  Start start_ = Start::nothing_sent;
  std::size_t open_messages_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace ordersaga::relay
