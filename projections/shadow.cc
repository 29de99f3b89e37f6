#include "projections/shadow.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "events/errors.h"
#include "events/postgres_errors.h"
#include "projections/all_projections.h"
#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::projections {

namespace {

namespace postgres = runtime::postgres;
using postgres::Parameters;
using postgres::Statement;

constexpr Statement kPrepare{"rebuild_prepare", "SELECT read.prepare_rebuild($1::text, $2::text::boolean)"};
constexpr Statement kSwap{"rebuild_swap", "SELECT read.swap_rebuild($1::text)"};
constexpr Statement kInShadow{"rebuild_in_shadow",
                              "SELECT coalesce(sum(position), 0)::bigint FROM read.projection_checkpoint WHERE projection = $1::text"};

// How often readers of the live tables, or a faster live projector, may come in between.
constexpr int kMostSwaps = 100;

// The projection under the name of its shadow.
class Shadow final : public Projection {
 public:
  explicit Shadow(std::unique_ptr<Projection> inner) : inner_(std::move(inner)), name_(std::string(inner_->name()) + kShadowSuffix) {}
  std::string_view name() const override { return name_; }
  bool concerns(const google::protobuf::Descriptor* type) const override { return inner_->concerns(type); }
  std::vector<RowSet*> row_sets() override { return inner_->row_sets(); }
  void want(const Record& record) override { inner_->want(record); }
  void apply(const Record& record) override { inner_->apply(record); }

 private:
  std::unique_ptr<Projection> inner_;
  std::string name_;
};

ProjectionSet shadow_of(const std::string& name) {
  ProjectionSet shadow;
  for (auto& projection : all_projections())
    if (projection->name() == name) shadow.push_back(std::make_unique<Shadow>(std::move(projection)));
  if (shadow.empty()) throw std::invalid_argument("there is no projection '" + name + "'");
  return shadow;
}

// Somebody reads the live tables for long: a swap must not queue before all other readers.
bool try_swap(postgres::Connection& connection, const std::string& projection) {
  Parameters which;
  which.add(projection);
  try {
    return connection.exec(kSwap, which).boolean(0, 0);
  } catch (const postgres::LockTimeout&) {
    return false;
  } catch (const postgres::TryAgain&) {
    return false;
  }
}

}  // namespace

Rebuilt rebuild(events::EventStore& log, const runtime::Clock& clock, const RebuildOptions& options) {
  ProjectionSet shadow = shadow_of(options.projection);
  return events::as_store_errors([&] {
    postgres::Connection connection(options.target);
    PostgresReadStore store(options.target, kShadowSuffix);
    Rebuilt result;

    // 1. The shadow's tables; those of a rebuild that was stopped are taken up.
    Parameters prepare, name;
    prepare.add(options.projection).add(std::string_view(options.restart ? "true" : "false"));
    name.add(std::string(shadow.front()->name()));
    result.resumed = !connection.exec(kPrepare, prepare).boolean(0, 0);
    const auto before = static_cast<std::uint64_t>(connection.exec(kInShadow, name).integer(0, 0));

    std::vector<Shard> shards;
    for (int s = 0; s < log.shards(); ++s) shards.emplace_back(static_cast<std::int16_t>(s));
    for (int tries = 0; tries < kMostSwaps; ++tries) {
      // 2. All of the log, then what has come meanwhile.
      std::uint64_t in_log = 0;
      for (const events::ShardHead& head : log.heads()) in_log += static_cast<std::uint64_t>(head.position.value);
      const std::uint64_t folded_before = result.folded;
      replay(log, store, shadow, shards, clock, options.batch, [&](std::uint64_t n) {
        result.folded = folded_before + n;
        if (options.progress) options.progress(result.folded, before + result.folded, std::max(in_log, before + result.folded));
      });

      // 3. What the swap will change, and whether that is wanted. Asking takes its time: the shadow catches up again.
      if (tries == 0) {
        for (RowSet* set : shadow.front()->row_sets())
          compare_with_shadow(connection, options.projection, set->table(), options.max_examples, result.comparison, options.compared);
        if (!options.approve(result.comparison)) return result;
        continue;
      }

      // 4. In the place of the live tables, unless the live projector has been faster.
      options.before_swap();
      ++result.swaps_tried;
      const auto began = std::chrono::steady_clock::now();
      if (try_swap(connection, options.projection)) {
        result.swap = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
        result.swapped = true;
        return result;
      }
    }
    throw events::StoreUnavailable(
        "the rebuilt tables could not take the place of the live ones: they are read all the time, or the "
        "live projector is always ahead; run the rebuild again when there is less to do");
  });
}

}  // namespace ordersaga::projections
