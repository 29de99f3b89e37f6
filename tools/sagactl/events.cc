// sagactl events list, get (from the log), tail (from Kafka)
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "events/codec.h"
#include "schemas/headers.h"
#include "tools/sagactl/command.h"
#include "tools/sagactl/find.h"
#include "tools/sagactl/log_read.h"
#include "tools/sagactl/log_view.h"
#include "tools/sagactl/tail.h"

namespace ordersaga::sagactl {

namespace {

constexpr std::size_t kPerRead = 1'000;

struct ListArgs {
  std::string order;
  std::string saga;
  std::string stream;
  std::string type;
  int shard = -1;
  std::int64_t after = 0;
  std::size_t limit = 100;
};

void declare_list(CLI::App& app, ListArgs& args) {
  auto* order = app.add_option("--order", args.order, "all records of an order");
  auto* saga = app.add_option("--saga", args.saga, "a saga's records")->excludes(order);
  auto* stream = app.add_option("--stream", args.stream, "a stream, for instance payment-<order>.1")->excludes(order)->excludes(saga);
  app.add_option("--shard", args.shard, "one shard of the log")
      ->check(CLI::NonNegativeNumber)
      ->excludes(order)
      ->excludes(saga)
      ->excludes(stream);
  app.add_option("--after", args.after, "positions above this one")->check(CLI::NonNegativeNumber);
  app.add_option("--type", args.type, "only events of this type: OrderPlaced, ordersaga.payment.v1.*");
  app.add_option("--limit", args.limit, "at most so many")->check(CLI::Range(1, 1'000'000));
}

bool is_wanted(const events::RecordedEvent& record, const ListArgs& args) {
  if (record.position.value <= args.after) return false;
  if (args.type.empty()) return true;
  const auto* type = events::type_of(record.type);
  return type != nullptr && is_type(args.type, type->full_name());
}

// Reads shards one after the other until enough is found.
std::vector<events::RecordedEvent> read_log(Context& context, const ListArgs& args) {
  std::vector<events::RecordedEvent> found;
  events::EventStore& store = context.store();
  if (args.shard >= store.shards()) throw Failure(ExitCode::usage, fmt::format("the log has the shards 0 to {}", store.shards() - 1));
  for (int s = 0; s < store.shards() && found.size() < args.limit; ++s) {
    if (args.shard >= 0 && s != args.shard) continue;
    events::ShardPosition from{Shard(static_cast<std::int16_t>(s)), Position(args.after)};
    for (;;) {
      throw_if_stopped();
      std::vector<events::RecordedEvent> batch =
          store.read_shards({&from, 1}, args.type.empty() ? std::min(kPerRead, args.limit) : kPerRead);
      for (const events::RecordedEvent& record : batch)
        if (found.size() < args.limit && is_wanted(record, args)) found.push_back(record);
      if (batch.empty() || found.size() >= args.limit) break;
      from.position = batch.back().position;
    }
  }
  return found;
}

ExitCode run_list(Context& context, const ListArgs& args) {
  std::vector<events::RecordedEvent> records;
  try {
    if (!args.order.empty()) {
      records = read_order(context.store(), find_order(context, args.order).id);
    } else if (!args.saga.empty()) {
      for (const SagaRef& saga : find_sagas(context, args.saga)) {
        auto more = read_whole(context.store(), saga.stream);
        records.insert(records.end(), more.begin(), more.end());
      }
    } else if (!args.stream.empty()) {
      records = read_whole(context.store(), args.stream);
      if (records.empty()) throw Failure(ExitCode::not_found, fmt::format("there is no stream '{}'", args.stream));
    } else {
      records = read_log(context, args);
    }
  } catch (...) {
    rethrow_as_failure();
  }
  Listing listing{"events", event_fields(), {}, {}};
  for (const events::RecordedEvent& record : records) {
    if (listing.rows.size() == args.limit) {
      context.say(fmt::format("the first {} of {}; --limit shows more", args.limit, records.size()));
      break;
    }
    if (is_wanted(record, args)) listing.rows.push_back(to_row(record));
  }
  if (!listing.rows.empty()) listing.next = "sagactl events get " + listing.rows[0]["place"].get<std::string>();
  context.print(listing);
  return ExitCode::ok;
}

struct GetArgs {
  std::string place;
};

void declare_get(CLI::App& app, GetArgs& args) {
  app.add_option("event", args.place, "<shard>/<position>, or <stream>/<version>")->required();
}

ExitCode run_get(Context& context, const GetArgs& args) {
  auto slash = args.place.rfind('/');
  std::int64_t number = 0;
  const char* end = args.place.data() + args.place.size();
  auto parsed = slash == std::string::npos ? std::from_chars_result{end, std::errc::invalid_argument}
                                           : std::from_chars(args.place.data() + slash + 1, end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < 1)
    throw Failure(ExitCode::usage, fmt::format("'{}' is no event: write <shard>/<position> or <stream>/<version>", args.place));
  std::string before = args.place.substr(0, slash);
  std::vector<events::RecordedEvent> records;
  try {
    events::EventStore& store = context.store();
    if (before.find_first_not_of("0123456789") == std::string::npos && before.size() <= 3) {
      int shard = std::stoi(before);
      if (shard >= store.shards()) throw Failure(ExitCode::usage, fmt::format("the log has the shards 0 to {}", store.shards() - 1));
      events::ShardPosition from{Shard(static_cast<std::int16_t>(shard)), Position(number - 1)};
      records = store.read_shards({&from, 1}, 1);
    } else if (number <= std::numeric_limits<std::int32_t>::max()) {
      records = store.read_stream(before, Version(static_cast<std::int32_t>(number - 1)), 1);
    }
  } catch (...) {
    rethrow_as_failure();
  }
  if (records.empty()) throw Failure(ExitCode::not_found, fmt::format("there is no event {}", args.place), "sagactl events list");
  Json row = to_row(records.front());
  row.erase("summary");
  if (context.options.format == Format::table || context.options.format == Format::wide)
    context.console.out << row.dump(2) << "\n";
  else
    context.print_object(event_fields(), row);
  return ExitCode::ok;
}

struct TailArgs {
  std::string order;
  std::string type;
  bool from_beginning = false;
  bool no_follow = false;
  std::int64_t count = 0;
};

void declare_tail(CLI::App& app, TailArgs& args) {
  app.add_option("--order", args.order, "only events with this key: an order's id or a SKU");
  app.add_option("--type", args.type, "only events of this type: OrderPlaced, ordersaga.payment.v1.*");
  app.add_flag("--from-beginning", args.from_beginning, "begin with the oldest that Kafka has");
  app.add_flag("--no-follow", args.no_follow, "end at what is there now");
  app.add_option("-n,--count", args.count, "end after so many")->check(CLI::PositiveNumber);
}

ExitCode run_tail(Context& context, const TailArgs& args) {
  TailOptions options;
  options.topic = topics::kEvents;
  options.from_beginning = args.from_beginning;
  options.follow = !args.no_follow;
  options.count = args.count;
  tail(context, options, [&](const runtime::kafka::ConsumedMessage& message) {
    if (!args.order.empty() && message.key.value_or("") != args.order) return false;
    if (!args.type.empty() && !is_type(args.type, message.header(headers::kType).value_or(""))) return false;
    Json row = to_row(message);
    if (context.options.format == Format::table || context.options.format == Format::wide) {
      context.console.out << fmt::format("{}  {}  {}  {}  {}\n", row["place"].get<std::string>(), row["recorded_at"].get<std::string>(),
                                         row["name"].get<std::string>(), row["stream"].get<std::string>(),
                                         row["summary"].get<std::string>());
    } else if (context.options.format != Format::none) {
      row.erase("summary");
      context.console.out << row.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    }
    return true;
  });
  return stop_requested() ? ExitCode::interrupted : ExitCode::ok;
}

}  // namespace

void add_events(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("events", "the log of events")->require_subcommand(1);
  add_verb<ListArgs>(*noun, chosen, "list", "records of the log", declare_list, run_list);
  add_verb<GetArgs>(*noun, chosen, "get", "one record, with its payload", declare_get, run_get);
  add_verb<TailArgs>(*noun, chosen, "tail", "follow the events as they are published on Kafka", declare_tail, run_tail);
}

}  // namespace ordersaga::sagactl
