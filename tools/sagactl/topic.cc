// sagactl topic create, list, tail, produce
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <iterator>

#include "events/codec.h"
#include "outbox-relay/topics.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "schemas/headers.h"
#include "tools/sagactl/command.h"
#include "tools/sagactl/command_sender.h"
#include "tools/sagactl/log_view.h"
#include "tools/sagactl/tail.h"

namespace ordersaga::sagactl {

namespace kafka = runtime::kafka;

namespace {

struct CreateArgs {
  std::vector<std::string> names;
  int partitions = 0;
  int replication = 1;
};

void declare_create(CLI::App& app, CreateArgs& args) {
  app.add_option("topic", args.names, "only these (default: all that an installation needs, and the reply topic of --client)");
  app.add_option("--partitions", args.partitions, "default: the log's number of shards; other numbers are for reply topics")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--replication", args.replication, "copies of each partition")->check(CLI::Range(1, 32));
}

// The client in "ordersaga.replies.<client>.v1"; empty when it is no such name.
std::string client_of(const std::string& topic) {
  std::string_view prefix = topics::kRepliesPrefix;
  if (!topic.starts_with(prefix) || !topic.ends_with(".v1") || topic.size() <= prefix.size() + 3) return "";
  return topic.substr(prefix.size(), topic.size() - prefix.size() - 3);
}

std::vector<kafka::TopicSpec> wanted_topics(Context& context, const CreateArgs& args) {
  int shards = args.names.empty() || args.partitions == 0 ? context.database().installation().shards : 0;
  std::vector<kafka::TopicSpec> standing = relay::standing_topic_specs(shards, args.replication);
  int reply_partitions = args.partitions > 0 ? args.partitions : shards;
  if (args.names.empty()) {
    if (args.partitions > 0 && args.partitions != shards)
      throw Failure(ExitCode::usage, fmt::format("the log has {} shards, and each of its topics has as many partitions", shards));
    standing.push_back(relay::reply_topic_spec(context.settings.client, reply_partitions, args.replication));
    return standing;
  }
  std::vector<kafka::TopicSpec> wanted;
  for (const std::string& name : args.names) {
    auto known = std::find_if(standing.begin(), standing.end(), [&](const kafka::TopicSpec& s) { return s.name == name; });
    if (known != standing.end()) {
      if (shards == 0)
        throw Failure(ExitCode::usage, fmt::format("{} has as many partitions as the log has shards: leave out --partitions", name));
      wanted.push_back(*known);
    } else if (std::string client = client_of(name); !client.empty() && relay::is_reply_topic(name)) {
      wanted.push_back(relay::reply_topic_spec(client, reply_partitions, args.replication));
    } else {
      throw Failure(ExitCode::usage, fmt::format("{} is no topic of ours: {}, {}, {} or {}<client>.v1", name, topics::kCommands,
                                                 topics::kEvents, topics::kCommandsDlq, topics::kRepliesPrefix));
    }
  }
  return wanted;
}

ExitCode run_create(Context& context, const CreateArgs& args) {
  std::vector<kafka::TopicSpec> wanted = wanted_topics(context, args);
  kafka::KafkaAdmin admin(context.kafka(), context.time_left());
  std::vector<std::string> made = admin.create_topics(wanted);
  std::map<std::string, int> counts = admin.partition_counts();
  Listing listing{"topics", {{"topic", "TOPIC"}, {"partitions", "PARTITIONS", Kind::number}, {"created", "CREATED"}}, {}, {}};
  for (const kafka::TopicSpec& spec : wanted) {
    bool is_new = std::find(made.begin(), made.end(), spec.name) != made.end();
    if (counts[spec.name] != spec.partitions && client_of(spec.name).empty())
      throw Failure(ExitCode::refused, fmt::format("{} has {} partitions, and needs {}", spec.name, counts[spec.name], spec.partitions),
                    "delete the topic when nobody needs it, then: sagactl topic create");
    listing.rows.push_back({{"topic", spec.name}, {"partitions", counts[spec.name]}, {"created", is_new ? "new" : "was there"}});
  }
  context.print(listing);
  return ExitCode::ok;
}

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_list(Context& context, const NoArgs&) {
  kafka::KafkaAdmin admin(context.kafka(), context.time_left());
  kafka::KafkaPartitionReader reader(context.kafka(), context.time_left());
  Listing listing{
      "topics", {{"topic", "TOPIC"}, {"partitions", "PARTITIONS", Kind::number}, {"messages", "MESSAGES", Kind::number}}, {}, {}};
  for (const auto& [name, partitions] : admin.partition_counts()) {
    if (name.starts_with("__")) continue;  // Kafka's own
    std::int64_t messages = 0;
    for (int p = 0; p < partitions; ++p) {
      auto marks = reader.watermarks(name, p);
      messages += marks.high - marks.low;
    }
    listing.rows.push_back({{"topic", name}, {"partitions", partitions}, {"messages", messages}});
  }
  context.print(listing);
  return ExitCode::ok;
}

struct TailArgs {
  std::string topic;
  int partition = -1;
  bool from_beginning = false;
  bool no_follow = false;
  std::int64_t last = 0;
  std::int64_t count = 0;
};

void declare_tail(CLI::App& app, TailArgs& args) {
  app.add_option("topic", args.topic)->required();
  app.add_option("--partition", args.partition, "only this one")->check(CLI::NonNegativeNumber);
  app.add_flag("--from-beginning", args.from_beginning, "begin with the oldest that Kafka has");
  app.add_option("--last", args.last, "begin with the last so many of each partition")->check(CLI::NonNegativeNumber);
  app.add_flag("--no-follow", args.no_follow, "end at what is there now");
  app.add_option("-n,--count", args.count, "end after so many")->check(CLI::PositiveNumber);
}

ExitCode run_tail(Context& context, const TailArgs& args) {
  TailOptions options{.topic = args.topic,
                      .partition = args.partition,
                      .from_beginning = args.from_beginning,
                      .follow = !args.no_follow,
                      .last = args.last,
                      .count = args.count};
  tail(context, options, [&](const kafka::ConsumedMessage& message) {
    Json row = to_row(message);
    if (context.options.format == Format::table || context.options.format == Format::wide)
      context.console.out << fmt::format("{}@{}  {}  {}  {}  {}\n", message.partition, message.offset,
                                         row["recorded_at"].get<std::string>(), row["key"].get<std::string>(),
                                         row["name"].get<std::string>(), row["summary"].get<std::string>());
    else if (context.options.format != Format::none && row.erase("summary") == 1)
      context.console.out << row.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    return true;
  });
  return stop_requested() ? ExitCode::interrupted : ExitCode::ok;
}

struct ProduceArgs {
  std::string type;
  std::string key;
  std::string file = "-";
  std::string id;
  std::string idempotency_key;
};

void declare_produce(CLI::App& app, ProduceArgs& args) {
  app.add_option("--type", args.type, "full name of the command's message, for instance ordersaga.shipment.v1.RecordPack")->required();
  app.add_option("--key", args.key, "order id or SKU")->required();
  app.add_option("-f,--file", args.file, "the command as JSON; - reads stdin");
  app.add_option("--id", args.id, "ce_id (default: a new UUID)");
  app.add_option("--idempotency-key", args.idempotency_key);
}

// Any command by its type; only to the command topic, because nobody else may write the others.
ExitCode run_produce(Context& context, const ProduceArgs& args) {
  const auto* descriptor = events::find_message(args.type);
  if (descriptor == nullptr) throw Failure(ExitCode::usage, fmt::format("there is no message type '{}'", args.type));
  std::string text;
  if (args.file == "-") {
    text.assign(std::istreambuf_iterator<char>(context.console.in), {});
  } else {
    std::ifstream file(args.file, std::ios::binary);
    if (!file) throw Failure(ExitCode::usage, fmt::format("cannot read {}", args.file));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  google::protobuf::Arena arena;
  auto* message = events::make_message(descriptor, &arena);
  auto status = google::protobuf::util::JsonStringToMessage(text, message);
  if (!status.ok())
    throw Failure(ExitCode::usage, fmt::format("{} is no {} in JSON: {}", args.file, args.type, std::string(status.message())));
  CommandToSend command{.key = args.key,
                        .id = args.id.empty() ? new_id(context.now()) : args.id,
                        .idempotency_key = args.idempotency_key,
                        .message = message};
  send(context, command);
  context.print_object({{"command_id", "Command"}}, {{"command_id", command.id}});
  return ExitCode::ok;
}

}  // namespace

void add_topic(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("topic", "Kafka topics")->require_subcommand(1);
  add_verb<CreateArgs>(*noun, chosen, "create", "make the topics that are missing", declare_create, run_create);
  add_verb<NoArgs>(*noun, chosen, "list", "topics and how much is in them", declare_nothing, run_list);
  add_verb<TailArgs>(*noun, chosen, "tail", "follow a topic, with messages decoded", declare_tail, run_tail);
  add_verb<ProduceArgs>(*noun, chosen, "produce", "send a command, given as JSON", declare_produce, run_produce);
}

}  // namespace ordersaga::sagactl
