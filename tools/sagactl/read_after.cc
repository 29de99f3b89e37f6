#include "tools/sagactl/read_after.h"

#include <fmt/format.h>

#include <charconv>

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

// What a later epoch of the log undid counts no more.
constexpr Statement kReached{"read_after_reached",
                             "SELECT log.carried_over(shard, epoch, position) FROM read.projection_checkpoint WHERE projection = $1::text "
                             "AND shard = $2::text::smallint"};
constexpr auto kLookEvery = std::chrono::milliseconds(20);

template <class Int>
bool parse(std::string_view text, Int& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

}  // namespace

void add_min_position(CLI::App& app, std::string& value) {
  app.add_option("--min-position", value, "SHARD:POSITION, as a reply says it: wait until the read model has applied that");
}

void wait_for_position(Context& context, const std::string& projection, const std::string& value) {
  if (value.empty()) return;
  std::size_t colon = value.find(':');
  std::int16_t shard = 0;
  std::int64_t position = 0;
  if (colon == std::string::npos || !parse(std::string_view(value).substr(0, colon), shard) ||
      !parse(std::string_view(value).substr(colon + 1), position))
    throw Failure(ExitCode::usage, fmt::format("--min-position: '{}' is no SHARD:POSITION", value));
  int shards = context.store().shards();
  if (shard >= shards) throw Failure(ExitCode::usage, fmt::format("--min-position: there are {} shards, from 0 on", shards));
  std::int64_t reached = 0;
  for (;;) {
    Database::Rows rows = context.database().query(kReached, {projection, std::to_string(shard)});
    reached = rows.empty() ? 0 : rows.integer(0, 0);
    if (reached >= position) return;
    if (context.out_of_time()) break;
    context.pause(kLookEvery);
  }
  throw Failure(ExitCode::timed_out, fmt::format("{} has applied shard {} up to {}, not yet {}", projection, shard, reached, position),
                "sagactl projection list; --timeout waits longer");
}

}  // namespace ordersaga::sagactl
