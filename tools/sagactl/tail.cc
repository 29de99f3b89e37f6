#include "tools/sagactl/tail.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_partition_reader.h"

namespace ordersaga::sagactl {

namespace kafka = runtime::kafka;

namespace {

constexpr std::size_t kPerRead = 1'000;
constexpr auto kLookEvery = std::chrono::milliseconds(200);

struct Follow {
  std::int32_t partition;
  std::int64_t next;
  std::int64_t end;
  // One for each partition, so that none gives up its fetch position for another.
  std::unique_ptr<kafka::KafkaPartitionReader> reader;
};

std::vector<Follow> begin(Context& context, const TailOptions& options) {
  kafka::KafkaAdmin admin(context.kafka(), context.time_left());
  std::map<std::string, int> counts = admin.partition_counts();
  auto topic = counts.find(options.topic);
  if (topic == counts.end()) throw Failure(ExitCode::failed, fmt::format("Kafka has no topic {}", options.topic), "sagactl topic list");
  if (options.partition >= topic->second)
    throw Failure(ExitCode::usage, fmt::format("{} has the partitions 0 to {}", options.topic, topic->second - 1));
  std::vector<Follow> follows;
  for (int p = 0; p < topic->second; ++p) {
    if (options.partition >= 0 && p != options.partition) continue;
    auto reader = std::make_unique<kafka::KafkaPartitionReader>(context.kafka(), context.time_left());
    auto marks = reader->watermarks(options.topic, p);
    std::int64_t next = options.from_beginning ? marks.low : std::max(marks.low, marks.high - options.last);
    follows.push_back({p, next, marks.high, std::move(reader)});
  }
  return follows;
}

}  // namespace

void tail(Context& context, const TailOptions& options, const std::function<bool(const kafka::ConsumedMessage&)>& take) {
  std::vector<Follow> follows = begin(context, options);
  std::int64_t taken = 0;
  for (;;) {
    bool any = false;
    bool all_done = true;
    for (Follow& f : follows) {
      if (stop_requested()) return;  // this is how a tail ends
      if (!options.follow && f.next >= f.end) continue;
      std::int64_t high = options.follow ? f.reader->watermarks(options.topic, f.partition).high : f.end;
      if (f.next >= high) continue;
      std::vector<kafka::ConsumedMessage> messages = f.reader->read(options.topic, f.partition, f.next, kPerRead);
      for (const kafka::ConsumedMessage& message : messages) {
        if (!options.follow && message.offset >= f.end) break;
        f.next = message.offset + 1;
        any = true;
        if (take(message) && options.count > 0 && ++taken >= options.count) return;
      }
      if (messages.empty()) f.next = high;  // what was there is gone, or is a marker of a transaction
      all_done = all_done && f.next >= f.end;
    }
    context.console.out.flush();
    if (!options.follow && all_done) return;
    if (!any) std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace ordersaga::sagactl
