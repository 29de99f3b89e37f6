// A relay between a log and a Kafka in memory, step by step.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "outbox-relay/relay.h"
#include "tests/outbox-relay/fake_kafka.h"
#include "tests/outbox-relay/log_book.h"

namespace ordersaga::relay::testing {

inline constexpr int kShards = 3;
inline const std::string kReplies = "ordersaga.replies.shop.v1";

inline Shard shard(int n) {
  return Shard(static_cast<std::int16_t>(n));
}

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() : book(kShards, clock) {}

  void start(RelayOptions options = {}) {
    relay = std::make_unique<Relay>(book.store(), kafka, cursors, clock, options);
    for (int n = 0; n < kShards; ++n) relay->assign(shard(n));
  }
  // The process ends without a word; its cursors are as they were last saved.
  void kill() { relay.reset(); }

  void step(int times = 1) {
    for (int i = 0; i < times; ++i) {
      clock.pass(std::chrono::milliseconds(10));
      relay->step(std::chrono::milliseconds(1));
    }
  }
  // Until there has been nothing to do for longer than any pause.
  void settle() {
    int idle = 0;
    for (int i = 0; i < 20'000; ++i) {
      clock.pass(std::chrono::milliseconds(idle > 0 ? 1'000 : 10));
      idle = relay->step(std::chrono::milliseconds(1)).idle ? idle + 1 : 0;
      if (idle > 8) return relay->finish(std::chrono::milliseconds(1));
    }
    FAIL() << "the relay does not come to rest";
  }

  const std::vector<ConsumedMessage>& events(int n) { return kafka.messages({"ordersaga.events.v1", n}); }

  // The promise: on each partition the first occurrences are 1, 2, 3 … up to the head, and every message is its record.
  void expect_published(int from = 1) {
    for (int n = 0; n < kShards; ++n) {
      const std::vector<events::RecordedEvent> records = book.records(shard(n));
      std::int64_t next = from;
      for (const auto& m : events(n)) {
        const std::optional<Place> place = place_of(m);
        ASSERT_TRUE(place);
        ASSERT_LE(place->position.value, next) << "a gap in shard " << n << " at offset " << m.offset;
        ASSERT_TRUE(is_same(m, records.at(static_cast<std::size_t>(place->position.value - 1))));
        if (place->position.value == next) ++next;
      }
      ASSERT_EQ(next - 1, book.head(shard(n)).value) << "shard " << n << " is not published to its head";
    }
  }

  ManualClock clock;
  LogBook book;
  FakeKafka kafka;
  MemoryCursorStore cursors;
  std::unique_ptr<Relay> relay;
};

}  // namespace ordersaga::relay::testing
