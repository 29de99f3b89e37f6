#include "projections/rebuild.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "projections/all_projections.h"
#include "projections/memory_read_store.h"

namespace ordersaga::projections {

namespace {

using TableRows = std::map<std::string, Row>;

constexpr std::size_t kChunk = 5'000;

// Records of one shard above `after`, as a batch for these projections.
Batch read_batch(events::EventStore& log, const ProjectionSet& projections, Shard shard, Position after, std::size_t limit,
                 google::protobuf::Arena& arena) {
  Batch batch;
  events::ShardPosition from{shard, after};
  for (events::RecordedEvent& event : log.read_shards({&from, 1}, limit)) batch.own(read_for(projections, std::move(event), &arena));
  return batch;
}

// One shard of the live read models at one moment.
struct LiveShard {
  std::map<std::string, Checkpoint> checkpoints;  // by projection
  std::map<std::string, TableRows> tables;
};

LiveShard read_live(ReadStore& live, const ProjectionSet& projections, Shard shard) {
  LiveShard read;
  auto snapshot = live.snapshot();
  for (Checkpoint& c : snapshot->checkpoints())
    if (c.shard == shard) read.checkpoints.emplace(c.projection, std::move(c));
  for (const auto& projection : projections)
    for (RowSet* set : projection->row_sets()) {
      const Table& table = set->table();
      TableRows& rows = read.tables[table.name];
      snapshot->scan(table, shard, [&](Row&& row) {
        std::string key = joined(row, table.key_columns);
        rows.emplace(std::move(key), std::move(row));
      });
    }
  return read;
}

class Comparer {
 public:
  Comparer(Comparison& result, Shard shard, std::size_t max_differences)
      : result_(result), shard_(shard), max_differences_(max_differences) {}

  void differ(const std::string& table, const std::string& key, std::string what) {
    if (result_.differences.size() >= max_differences_) {
      result_.more = true;
      return;
    }
    std::string readable = key;
    std::replace(readable.begin(), readable.end(), '\0', '/');
    result_.differences.push_back({shard_, table, std::move(readable), std::move(what)});
  }

  void compare(const Table& table, const TableRows& live, const TableRows& rebuilt) {
    auto l = live.begin();
    auto r = rebuilt.begin();
    while (l != live.end() || r != rebuilt.end()) {
      ++result_.rows;
      if (r == rebuilt.end() || (l != live.end() && l->first < r->first)) {
        differ(table.name, l->first, "the log does not make this row");
        ++l;
      } else if (l == live.end() || r->first < l->first) {
        differ(table.name, r->first, "the row is missing");
        ++r;
      } else {
        if (l->second != r->second) differ(table.name, l->first, describe(table, l->second, r->second));
        ++l, ++r;
      }
    }
  }

 private:
  static std::string describe(const Table& table, const Row& live, const Row& rebuilt) {
    std::string what;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (live[i] == rebuilt[i]) continue;
      if (!what.empty()) what += "; ";
      what += table.columns[i].name + " is " + live[i].value_or("NULL") + ", the log says " + rebuilt[i].value_or("NULL");
    }
    return what;
  }

  Comparison& result_;
  Shard shard_;
  std::size_t max_differences_;
};

// Folds the shard's records up to `target` into the shadow, with one projection alone.
std::uint64_t fold_one(events::EventStore& log, ReadStore& shadow, const ProjectionSet& one, Shard shard, Position target,
                       const std::function<void(std::uint64_t)>& progress) {
  Standings standings = open_standings(shadow, one, {&shard, 1}, {Epoch(1), {}}, Timestamp());
  std::uint64_t folded = 0;
  while (standings.at(shard).reached() < target) {
    google::protobuf::Arena arena;
    std::size_t left = static_cast<std::size_t>(target.value - standings.at(shard).reached().value);
    Batch batch = read_batch(log, one, shard, standings.at(shard).reached(), std::min(kChunk, left), arena);
    if (batch.records.empty()) return folded;  // the log ends below the checkpoint: told by the caller
    if (!apply_batch(shadow, one, standings, batch, Timestamp()).committed) throw std::logic_error("a shadow's checkpoint was moved");
    folded += batch.records.size();
    progress(folded);
  }
  return folded;
}

}  // namespace

std::uint64_t replay(events::EventStore& log, ReadStore& store, const ProjectionSet& projections, std::span<const Shard> shards,
                     const runtime::Clock& clock, std::size_t batch_size, const std::function<void(std::uint64_t)>& progress) {
  Standings standings = open_standings(store, projections, shards, life_of(log), clock.now());
  for (const auto& [shard, standing] : standings)
    if (std::string outdated = outdated_of(standing, projections); !outdated.empty()) throw std::runtime_error(outdated);
  std::map<Shard, Position> ends;
  for (const events::ShardHead& head : log.heads()) ends[head.shard] = head.position;
  std::uint64_t applied = 0;
  for (Shard shard : shards) {
    while (standings.at(shard).reached() < ends[shard]) {
      google::protobuf::Arena arena;
      Batch batch = read_batch(log, projections, shard, standings.at(shard).reached(), batch_size, arena);
      if (batch.records.empty()) throw std::runtime_error("the log ends below its head in shard " + std::to_string(shard.value));
      if (!apply_batch(store, projections, standings, batch, clock.now()).committed)
        throw std::runtime_error("somebody else moves the checkpoints of shard " + std::to_string(shard.value));
      applied += batch.records.size();
      progress(applied);
    }
  }
  return applied;
}

Comparison compare_with_rebuild(events::EventStore& log, ReadStore& live, std::span<const Shard> shards, std::size_t max_differences,
                                const std::function<void(std::uint64_t)>& progress) {
  Comparison result;
  ProjectionSet projections = all_projections();
  Epoch epoch = log.epoch();
  for (Shard shard : shards) {
    Comparer comparer(result, shard, max_differences);
    LiveShard read = read_live(live, projections, shard);
    for (auto& projection : projections) {
      std::string name(projection->name());
      Position target = read.checkpoints.contains(name) ? read.checkpoints.at(name).position : Position();
      if (read.checkpoints.contains(name) && read.checkpoints.at(name).epoch != epoch)
        comparer.differ(
            "projection_checkpoint", name,
            "the epoch is " + std::to_string(read.checkpoints.at(name).epoch.value) + ", the log's is " + std::to_string(epoch.value));
      MemoryReadTables tables;
      MemoryReadStore shadow(tables);
      ProjectionSet one;
      one.push_back(std::move(projection));
      std::uint64_t before = result.records;
      std::uint64_t folded = fold_one(log, shadow, one, shard, target, [&](std::uint64_t n) { progress(before + n); });
      result.records += folded;
      if (folded < static_cast<std::uint64_t>(target.value))
        comparer.differ("projection_checkpoint", name,
                        "the checkpoint is " + std::to_string(target.value) + ", the log ends at " + std::to_string(folded));
      for (RowSet* set : one.front()->row_sets())
        comparer.compare(set->table(), read.tables[set->table().name], tables.rows[set->table().name]);
      projection = std::move(one.front());
    }
  }
  return result;
}

}  // namespace ordersaga::projections
