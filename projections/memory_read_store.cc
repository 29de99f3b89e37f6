#include "projections/memory_read_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "events/errors.h"
#include "projections/working_rows.h"

namespace ordersaga::projections {

namespace {

std::size_t index_of_shard(const Table& table) {
  auto found = std::find_if(table.columns.begin(), table.columns.end(), [](const Column& c) { return c.name == "shard"; });
  if (found == table.columns.end()) throw std::logic_error(table.name + " does not say which shard its rows come from");
  return static_cast<std::size_t>(found - table.columns.begin());
}

class MemorySnapshot final : public ReadSnapshot {
 public:
  explicit MemorySnapshot(const MemoryReadTables& tables) : tables_(tables) {}

  std::vector<Checkpoint> checkpoints() override {
    std::vector<Checkpoint> all;
    for (const auto& [id, checkpoint] : tables_.checkpoints) all.push_back(checkpoint);
    return all;
  }

  void scan(const Table& table, Shard shard, const std::function<void(Row&&)>& each) override {
    auto rows = tables_.rows.find(table.name);
    if (rows == tables_.rows.end()) return;
    std::size_t column = index_of_shard(table);
    Cell wanted = to_cell(shard);
    for (const auto& [key, row] : rows->second)
      if (row[column] == wanted) each(Row(row));
  }

 private:
  const MemoryReadTables& tables_;
};

// Changes the tables at once, and takes it back unless committed.
class MemoryTransaction final : public ReadTransaction {
 public:
  explicit MemoryTransaction(MemoryReadTables& tables) : tables_(tables) {}
  ~MemoryTransaction() override {
    if (committed_) return;
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) (*undo)();
  }

  bool advance(std::span<const Advance> moves, Timestamp) override {
    for (const Advance& m : moves) {
      auto found = tables_.checkpoints.find({m.projection, m.shard});
      if (found == tables_.checkpoints.end() || found->second.epoch != m.epoch || found->second.position != m.from ||
          found->second.generation != m.generation)
        return false;
    }
    for (const Advance& m : moves) {
      Checkpoint& checkpoint = tables_.checkpoints.at({m.projection, m.shard});
      undo_.emplace_back([&checkpoint, before = checkpoint.position] { checkpoint.position = before; });
      checkpoint.position = m.to;
    }
    return true;
  }

  std::vector<Row> select(const Table& table, std::span<const Row> keys) override {
    std::vector<Row> found;
    const auto& rows = tables_.rows[table.name];
    for (const Row& key : keys) {
      std::string prefix = joined(key, key.size());
      for (auto it = rows.lower_bound(prefix); it != rows.end(); ++it) {
        bool starts_so = std::equal(key.begin(), key.end(), it->second.begin());
        if (starts_so) found.push_back(it->second);
        if (!starts_so && it->first.compare(0, prefix.size(), prefix) != 0) break;
      }
    }
    return found;
  }

  void insert(const RowBlock& rows) override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Row row = rows.row(i);
      if (tables_.rows[rows.table().name].contains(joined(row, rows.table().key_columns)))
        throw events::BadData("a row of " + rows.table().name + " is there already");
      set(rows.table(), row);
    }
  }

  void update(const RowBlock& rows) override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Row changes = rows.row(i);
      auto& table = tables_.rows[rows.table().name];
      auto found = table.find(joined(changes, rows.table().key_columns));
      if (found == table.end()) throw events::BadData("a row of " + rows.table().name + " is not there");
      Row row = found->second;
      for (std::size_t c = 0; c < changes.size(); ++c) row[rows.columns()[c].column] = std::move(changes[c]);
      set(rows.table(), row);
    }
  }

  void upsert(const RowBlock& rows) override {
    for (std::size_t i = 0; i < rows.size(); ++i) set(rows.table(), rows.row(i));
  }

  void append(const Table& table, std::span<const Row> rows) override {
    for (const Row& row : rows)
      if (!tables_.rows[table.name].contains(joined(row, table.key_columns))) set(table, row);
  }

  void erase(const Table& table, std::span<const Row> keys) override {
    auto& rows = tables_.rows[table.name];
    for (const Row& key : keys) {
      auto node = rows.extract(joined(key, key.size()));
      if (node.empty()) continue;
      undo_.emplace_back([&rows, key = node.key(), row = std::move(node.mapped())]() mutable { rows[key] = std::move(row); });
    }
  }

  void commit() override { committed_ = true; }

 private:
  void set(const Table& table, const Row& row) {
    for (const Cell& cell : row)
      if (cell && cell->find('\0') != std::string::npos) throw events::BadData("a text of " + table.name + " has a NUL");
    auto& rows = tables_.rows[table.name];
    std::string key = joined(row, table.key_columns);
    auto before = rows.find(key);
    std::optional<Row> old = before == rows.end() ? std::nullopt : std::optional(std::move(before->second));
    rows[key] = row;
    undo_.emplace_back([&rows, key, old = std::move(old)]() mutable {
      if (old)
        rows[key] = std::move(*old);
      else
        rows.erase(key);
    });
  }

  MemoryReadTables& tables_;
  bool committed_ = false;
  std::vector<std::function<void()>> undo_;
};

}  // namespace

std::vector<Checkpoint> MemoryReadStore::open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards,
                                                          Epoch epoch, Timestamp) {
  std::vector<Checkpoint> opened;
  for (const std::string& projection : projections)
    for (Shard shard : shards)
      opened.push_back(
          tables_.checkpoints.try_emplace({projection, shard}, Checkpoint{projection, shard, epoch, Position()}).first->second);
  return opened;
}

void MemoryReadStore::carry_over(std::span<const Checkpoint> checkpoints, Epoch to) {
  for (const Checkpoint& c : checkpoints) {
    auto found = tables_.checkpoints.find({c.projection, c.shard});
    if (found == tables_.checkpoints.end()) continue;
    Checkpoint& here = found->second;
    if (here.epoch == c.epoch && here.position == c.position && here.generation == c.generation) here.epoch = to;
  }
}

std::unique_ptr<ReadTransaction> MemoryReadStore::begin() {
  return std::make_unique<MemoryTransaction>(tables_);
}

std::unique_ptr<ReadSnapshot> MemoryReadStore::snapshot() {
  return std::make_unique<MemorySnapshot>(tables_);
}

}  // namespace ordersaga::projections
