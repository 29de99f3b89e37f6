// Read models in memory, folded from a History, and their rows as the tests want to see them.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "projections/all_projections.h"
#include "projections/memory_read_store.h"
#include "tests/projections/history.h"

namespace ordersaga::projections::testing {

class Folded {
 public:
  explicit Folded(History& history) : history_(history), store_(tables_), projections_(all_projections()) {}

  // Applies what is new in the log, `batch_size` records at a time. Returns how many records were parked.
  std::size_t catch_up(std::size_t batch_size = 1'000) {
    auto shards = history_.shards();
    Standings standings = open_standings(store_, projections_, shards, {Epoch(1), {}}, history_.now());
    std::size_t parked = 0;
    for (Shard shard : shards) {
      for (;;) {
        google::protobuf::Arena arena;
        events::ShardPosition after{shard, standings.at(shard).reached()};
        Batch batch;
        for (auto& event : history_.store().read_shards({&after, 1}, batch_size))
          batch.own(read_for(projections_, std::move(event), &arena));
        if (batch.records.empty()) break;
        Applied applied = apply_batch(store_, projections_, standings, batch, history_.now());
        EXPECT_TRUE(applied.committed);
        parked += applied.parked;
      }
    }
    return parked;
  }

  // The row of that key; nullopt when there is none.
  template <class R, class... Key>
  std::optional<R> row(const Key&... key) const {
    auto table = tables_.rows.find(std::string(R::kTable));
    if (table == tables_.rows.end()) return std::nullopt;
    auto found = table->second.find(joined_key(key...));
    if (found == table->second.end()) return std::nullopt;
    return from_row<R>(found->second);
  }
  template <class R>
  std::vector<R> rows() const {
    std::vector<R> all;
    if (auto table = tables_.rows.find(std::string(R::kTable)); table != tables_.rows.end())
      for (const auto& [key, cells] : table->second) all.push_back(from_row<R>(cells));
    return all;
  }
  MemoryReadTables& tables() { return tables_; }
  ReadStore& store() { return store_; }

 private:
  History& history_;
  MemoryReadTables tables_;
  MemoryReadStore store_;
  ProjectionSet projections_;
};

}  // namespace ordersaga::projections::testing
