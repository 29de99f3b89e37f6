// sagactl db new-epoch
#include <fmt/format.h>

#include <charconv>
#include <map>

#include "outbox-relay/message.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "schemas/headers.h"
#include "tools/sagactl/db_verbs.h"

namespace ordersaga::sagactl {

namespace postgres = runtime::postgres;
namespace kafka = runtime::kafka;

namespace {

using postgres::Statement;

constexpr Statement kPlan{"epoch_plan",
                          "SELECT to_json(t)::text FROM (SELECT p.shard, p.head, p.published, p.starts_after, "
                          " (SELECT count(*) FROM read.projection_checkpoint c WHERE c.shard = p.shard"
                          "   AND log.carried_over(c.shard, c.epoch, c.position) > p.starts_after) AS read_models_above"
                          " FROM log.plan_epoch() p ORDER BY p.shard) AS t"};
constexpr Statement kBegin{"epoch_begin", "SELECT log.begin_epoch($1::integer, $2::text, $3::smallint[], $4::bigint[]) AS epoch"};
constexpr Statement kBegun{"epoch_begun", "SELECT shard, starts_after FROM log.epochs WHERE epoch = $1::integer ORDER BY shard"};

struct NewEpochArgs {
  std::string reason;
  std::vector<std::string> starts;
  bool dry_run = false;
};

void declare_new_epoch(CLI::App& app, NewEpochArgs& args) {
  app.add_option("--reason", args.reason, "why; it is kept with your name and the time")->required();
  app.add_option("--start", args.starts,
                 "SHARD:POSITION, after which the epoch starts in that shard (default: what is both in the log and confirmed by Kafka)");
  app.add_flag("--dry-run", args.dry_run, "show what would happen, and do nothing");
}

std::map<std::int64_t, std::int64_t> starts_of(const std::vector<std::string>& texts) {
  std::map<std::int64_t, std::int64_t> starts;
  for (const std::string& text : texts) {
    std::size_t colon = text.find(':');
    std::int64_t shard = -1, position = -1;
    bool right = colon != std::string::npos;
    for (auto [value, from, to] : {std::tuple{&shard, std::size_t{0}, colon}, std::tuple{&position, colon + 1, text.size()}}) {
      if (!right) break;
      auto [end, error] = std::from_chars(text.data() + from, text.data() + to, *value);
      right = error == std::errc() && end == text.data() + to && from < to && *value >= 0;
    }
    if (!right || shard >= kMaxShards) throw Failure(ExitCode::usage, fmt::format("--start {}: not of the form SHARD:POSITION", text));
    if (!starts.emplace(shard, position).second) throw Failure(ExitCode::usage, fmt::format("--start names shard {} twice", shard));
  }
  return starts;
}

// Position of the last record on each shard's partition of the events topic; nothing where there is none, or no Kafka.
std::map<std::int64_t, std::int64_t> topic_ends(Context& context, int shards) {
  std::map<std::int64_t, std::int64_t> ends;
  try {
    kafka::KafkaPartitionReader reader(context.kafka(), context.options.timeout);
    for (int shard = 0; shard < shards; ++shard) {
      auto marks = reader.watermarks(topics::kEvents, shard);
      if (marks.high == marks.low) continue;
      for (const kafka::ConsumedMessage& m : reader.read(std::string(topics::kEvents), shard, marks.high - 1, 1))
        if (auto place = relay::place_of(m)) ends[shard] = place->position.value;
    }
  } catch (const kafka::KafkaError& error) {
    context.say(fmt::format("Kafka does not tell where its topic ends: {}", error.what()));
  }
  return ends;
}

const std::vector<Field> kPlanFields = {{"shard", "SHARD", Kind::number},
                                        {"head", "LOG ENDS AT", Kind::number},
                                        {"published", "CONFIRMED", Kind::number},
                                        {"topic_end", "TOPIC ENDS AT", Kind::number},
                                        {"starts_after", "STARTS AFTER", Kind::number},
                                        {"read_models_above", "READ MODELS ABOVE", Kind::number}};

ExitCode run_new_epoch(Context& context, const NewEpochArgs& args) {
  std::map<std::int64_t, std::int64_t> starts = starts_of(args.starts);
  events::Installation installation = context.database().installation();
  int next = installation.epoch + 1;
  Listing plan{"shards", kPlanFields, context.database().select(kPlan, {}, kPlanFields), {}};
  std::map<std::int64_t, std::int64_t> ends = topic_ends(context, installation.shards);
  for (Json& row : plan.rows) {
    std::int64_t shard = row["shard"];
    row["topic_end"] = ends.contains(shard) ? Json(ends[shard]) : Json(nullptr);
    if (starts.contains(shard)) row["starts_after"] = starts[shard];
  }
  if (args.dry_run) {
    plan.next = fmt::format("nothing was changed; epoch {} would begin as above", next);
    context.print(plan);
    return ExitCode::ok;
  }
  if (!context.options.yes) context.print(plan);
  std::string question = fmt::format(
      "Epoch {} begins: what lies above the starts is published anew, and whatever else was published there counts no more.", next);
  if (!context.confirm(question, fmt::format("epoch-{}", next))) throw Failure(ExitCode::refused, "not confirmed; nothing was changed");
  try {
    auto owner = connect_as_owner(context);
    postgres::Array shards = postgres::Array::of_smallint(), positions = postgres::Array::of_bigint();
    for (const auto& [shard, position] : starts) {
      shards.add(static_cast<std::int16_t>(shard));
      positions.add(position);
    }
    postgres::Parameters parameters;
    parameters.add(installation.epoch).add(std::string_view(args.reason)).add(std::move(shards)).add(std::move(positions));
    std::int64_t begun = owner->exec(kBegin, parameters).integer(0, 0);
    postgres::Rows rows = owner->exec(kBegun, postgres::Parameters().add(static_cast<std::int32_t>(begun)));
    for (Json& row : plan.rows)
      for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows.integer(i, 0) == row["shard"].get<std::int64_t>()) row["starts_after"] = rows.integer(i, 1);
    context.say(fmt::format("epoch {} has begun", begun));
  } catch (...) {
    rethrow_as_failure();
  }
  if (context.options.yes) context.print(plan);
  return ExitCode::ok;
}

}  // namespace

void add_new_epoch(CLI::App& noun, Action& chosen) {
  add_verb<NewEpochArgs>(noun, chosen, "new-epoch", "go on after the log was taken back in time by a restored backup", declare_new_epoch,
                         run_new_epoch);
}

}  // namespace ordersaga::sagactl
