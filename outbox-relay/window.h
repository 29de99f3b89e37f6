// One shard between the log and Kafka: records that were read and are not yet confirmed on all their topics. Pure.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "events/recorded_event.h"
#include "outbox-relay/message.h"
#include "outbox-relay/resume.h"

namespace ordersaga::relay {

class Window {
 public:
  struct Waiting {
    Position position;
    Kind kind;
    std::size_t bytes;
    runtime::kafka::OutgoingMessage out;
  };

  // Empties it. Whoever sends from here on is new to the partition: the first event goes alone.
  void begin(const ResumePoint& point);

  // REQUIRES: the record after read_up_to(). The event of a record that is on the topic already is left out.
  void add(const events::RecordedEvent& record, std::vector<Message> messages);
  Position read_up_to() const { return read_up_to_; }

  // The message that may be sent next; null when there is none now. sent() takes it out.
  const Waiting* next() const;
  void sent();

  // The fates of what was sent. False: the offset does not rise, so what is below it is not what it was.
  [[nodiscard]] bool confirm_event(Position position, std::int64_t offset, std::size_t bytes);
  void settle_other(Position position, std::size_t bytes);

  // All up to here is confirmed on all topics. `offset` is -1 until the first confirmed record whose offset is known.
  Position confirmed() const { return confirmed_; }
  // The last confirmed record whose offset is known.
  struct Mark {
    Position position;
    std::int64_t offset;
  };
  const std::optional<Mark>& mark() const { return mark_; }
  // When the oldest record that is not confirmed was recorded.
  std::optional<Timestamp> oldest() const { return records_.empty() ? std::nullopt : std::optional(records_.front().recorded_at); }

  // Messages whose fate is open, sent or not.
  std::size_t open_messages() const { return open_messages_; }
  std::size_t open_bytes() const { return open_bytes_; }

 private:
  struct Record {
    Position position;
    Timestamp recorded_at;
    int open;  // messages
    std::int64_t offset;
  };
  enum class Start { nothing_sent, first_sent, running };

  void settle(Position position, std::size_t bytes);
  void advance();

  std::deque<Record> records_;  // of positions confirmed_ + 1, …, read_up_to_
  std::deque<Waiting> waiting_;
  Position confirmed_;
  Position read_up_to_;
  Position on_topic_;
  std::int64_t on_topic_offset_ = -1;
  std::int64_t last_offset_ = -1;
  std::optional<Mark> mark_;
  Start start_ = Start::nothing_sent;
  std::size_t open_messages_ = 0;
  std::size_t open_bytes_ = 0;
};

}  // namespace ordersaga::relay
