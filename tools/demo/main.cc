// Places demo orders over Kafka, waits for their ends, and compares them with the plan.
// Exit code: 0 all as planned, 1 some are not (or it failed), 2 usage, 6 the time ran out, 7 Kafka cannot be used, 130 interrupted.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <map>
#include <span>

#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "runtime/kafka/kafka_producer.h"
#include "runtime/settings.h"
#include "runtime/shutdown.h"
#include "runtime/system_random.h"
#include "schemas/headers.h"
#include "tools/demo/conversation.h"
#include "tools/demo/progress.h"

namespace ordersaga::demo {
namespace {

using namespace std::chrono_literals;
namespace kafka = runtime::kafka;

constexpr std::string_view kReplyTopic = "ordersaga.replies.demo.v1";
// Messages that are taken, and dropped, at a time before the partitions are where they should be.
constexpr std::size_t kJoinPoll = 1000;

struct Settings {
  std::string brokers = "127.0.0.1:9092";
  std::int64_t orders = 1000;
  std::chrono::milliseconds timeout = 5min;
  std::string output = "table";
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& settings) {
  runtime::SettingsReader reader("demo_orders", "Places demo orders over Kafka and waits for their ends.", ORDERSAGA_VERSION);
  reader.add("brokers", settings.brokers, "Kafka's bootstrap servers");
  reader.add("orders", settings.orders, "how many orders to place", {1, 1'000'000});
  reader.add("timeout", settings.timeout, "how long to wait for all of their ends", {1s, 24h});
  reader.add_choice("output", settings.output, "form of the result on stdout", {"table", "json"});
  return reader.read(argc, argv, runtime::process_environment());
}

using Offsets = std::map<std::pair<std::string, std::int32_t>, std::int64_t>;

// Makes the reply topic; the others are the installation's. Returns where each partition that will be read ends now.
Offsets prepare(const kafka::Config& config) {
  kafka::KafkaAdmin admin(config);
  const std::string ours[] = {std::string(topics::kCommands), std::string(topics::kEvents)};
  for (const std::string& topic : admin.missing(ours))
    throw kafka::KafkaError(fmt::format("topic {} does not exist; sagactl topic create makes all of them", topic));
  const int partitions = admin.partition_counts().at(ours[0]);
  const kafka::TopicSpec replies[] = {
      {.name = std::string(kReplyTopic), .partitions = partitions, .config = {{"retention.ms", "86400000"}}}};
  admin.create_topics(replies);

  kafka::KafkaPartitionReader reader(config);
  Offsets ends;
  for (const auto& [topic, count] : admin.partition_counts()) {
    if (topic != kReplyTopic && topic != topics::kEvents) continue;
    for (std::int32_t partition = 0; partition < count; ++partition) ends[{topic, partition}] = reader.watermarks(topic, partition).high;
  }
  return ends;
}

// Goes to the ends of the partitions that it can; a partition whose fetching has not begun yet refuses, and stays in
// `open`. What is read until then is of other runs.
void seek(kafka::Consumer& consumer, Offsets& open) {
  std::erase_if(open, [&](const auto& end) {
    try {
      consumer.seek(end.first.first, end.first.second, end.second);
      return true;
    } catch (const kafka::KafkaError&) {
      return false;
    }
  });
}

// Waits until the group has given us every partition, and goes to where each ended before the first command went out, so
// that nothing that comes of it is missed, and nothing older is read in vain.
bool join(kafka::Consumer& consumer, Offsets ends, const runtime::Clock& clock, const std::stop_token& stop) {
  std::size_t assigned = 0;
  const std::size_t all = ends.size();
  const auto began = clock.steady();
  while (assigned < all || !ends.empty()) {
    if (stop.stop_requested()) return false;
    if (clock.steady() - began > 60s) throw kafka::KafkaError("the consumer group did not get all partitions within 60 s");
    for (const kafka::Rebalance& change : consumer.poll(kJoinPoll, 50ms).rebalances) {
      if (!change.assigned) throw kafka::KafkaError("partitions were taken away: is another program in this run's group?");
      assigned += change.partitions.size();
    }
    if (assigned == all) seek(consumer, ends);
  }
  return true;
}

int run(const Settings& settings, const std::stop_token& stop) {
  const runtime::SystemClock clock;
  const std::string run_id = fmt::format("{:08x}", runtime::SystemRandom().next() & 0xffffffffU);
  kafka::Config config;
  config.brokers = settings.brokers;
  config.client_id = "demo_orders";
  const Offsets ends = prepare(config);
  kafka::ConsumerOptions membership;
  membership.group = "ordersaga.demo." + run_id;
  membership.topics = {std::string(kReplyTopic), std::string(topics::kEvents)};
  kafka::KafkaConsumer consumer(config, membership);
  kafka::KafkaProducer producer(config, {});
  if (!join(consumer, ends, clock, stop)) return 130;

  const Plan plan = make_plan(run_id, static_cast<std::size_t>(settings.orders));
  const auto limit = std::chrono::ceil<std::chrono::seconds>(settings.timeout);
  Conversation conversation(producer, consumer, clock, std::string(kReplyTopic));
  const Ending stocked = conversation.receive_stock(plan, run_id, limit, stop);
  if (!stocked.done) {
    fmt::print(stderr, "demo_orders: gave up waiting for {}\n", stocked.waited_for);
    return stop.stop_requested() ? 130 : 6;
  }

  Scoreboard board(plan);
  ProgressLine line(clock, plan.orders.size(), isatty(STDERR_FILENO) != 0);
  const auto began = clock.steady();
  const Ending ending = conversation.place_orders(plan, board, limit, stop, [&](const Progress& progress) { line.show(progress); });
  line.finish();
  std::cout << (settings.output == "json" ? board.json() + "\n" : board.table());
  if (!ending.done) {
    fmt::print(stderr, "demo_orders: gave up waiting for {}\n", ending.waited_for);
    return stop.stop_requested() ? 130 : 6;
  }
  fmt::print(stderr, "{} orders, the first placed to the last ended: {:.1f} s\n", plan.orders.size(),
             std::chrono::duration<double>(clock.steady() - began).count());
  return board.as_planned() ? 0 : 1;
}

}  // namespace
}  // namespace ordersaga::demo

int main(int argc, char** argv) {
  using namespace ordersaga;
  demo::Settings settings;
  try {
    if (auto text = demo::read_settings(argc, argv, settings)) {
      std::cout << *text;
      return 0;
    }
  } catch (const runtime::SettingsError& error) {
    fmt::print(stderr, "demo_orders: {}\n", error.what());
    return 2;
  }
  try {
    runtime::Shutdown shutdown(std::chrono::seconds(10));
    return demo::run(settings, shutdown.token());
  } catch (const runtime::kafka::KafkaError& error) {
    fmt::print(stderr, "demo_orders: {}\n", error.what());
    return 7;
  } catch (const std::exception& error) {
    fmt::print(stderr, "demo_orders: {}\n", error.what());
    return 1;
  }
}
