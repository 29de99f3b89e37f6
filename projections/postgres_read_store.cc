#include "projections/postgres_read_store.h"

#include <charconv>
#include <map>
#include <utility>

#include "events/errors.h"
#include "events/postgres_errors.h"
#include "projections/parking.h"
#include "projections/read_sql.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::projections {

namespace {

namespace postgres = runtime::postgres;
using postgres::Array;
using postgres::Parameters;
using postgres::Statement;

constexpr Statement kOpenCheckpoints{
    "read_open_checkpoints",
    "INSERT INTO read.projection_checkpoint (projection, shard, epoch, position, updated_at) "
    "SELECT p, s, $3::integer, 0, $4::timestamptz FROM unnest($1::text[]) AS p, unnest($2::smallint[]) AS s ORDER BY p, s "
    "ON CONFLICT (projection, shard) DO NOTHING"};
constexpr Statement kSelectCheckpoints{"read_select_checkpoints",
                                       "SELECT projection, shard, epoch, position, generation FROM read.projection_checkpoint "
                                       "WHERE projection = ANY ($1::text[]) AND shard = ANY ($2::smallint[]) ORDER BY projection, shard"};
constexpr const char* kAllCheckpoints =
    "SELECT projection, shard, epoch, position, generation FROM read.projection_checkpoint ORDER BY projection, shard";
constexpr Statement kAdvance{
    "read_advance",
    "UPDATE read.projection_checkpoint c SET position = m.ends, updated_at = $6::timestamptz "
    "FROM unnest($1::text[], $2::smallint[], $3::integer[], $4::bigint[], $5::bigint[], $7::integer[]) "
    "AS m(projection, shard, epoch, starts, ends, generation) WHERE c.projection = m.projection AND c.shard = m.shard "
    "AND c.epoch = m.epoch AND c.position = m.starts AND c.generation = m.generation"};
constexpr Statement kCarryOver{
    "read_carry_over",
    "UPDATE read.projection_checkpoint c SET epoch = $6::integer "
    "FROM unnest($1::text[], $2::smallint[], $3::integer[], $4::bigint[], $5::integer[]) "
    "AS m(projection, shard, epoch, position, generation) WHERE c.projection = m.projection AND c.shard = m.shard "
    "AND c.epoch = m.epoch AND c.position = m.position AND c.generation = m.generation"};
constexpr const char* kBegin = "BEGIN";
constexpr const char* kBeginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* kDeclareScan = "DECLARE scan NO SCROLL CURSOR FOR ";
constexpr const char* kFetchScan = "FETCH 5000 FROM scan";
constexpr const char* kCloseScan = "CLOSE scan";

std::int64_t number_of(const std::string& cell) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc() || end != cell.data() + cell.size()) throw events::BadData("no number: " + cell);
  return number;
}

Array empty_array(ColumnType type, std::size_t expected) {
  switch (type) {
    case ColumnType::text:
      return Array::of_text(expected);
    case ColumnType::boolean:
      return Array::of_boolean(expected);
    case ColumnType::number:
      return Array::of_bigint(expected);
    case ColumnType::time:
      return Array::of_timestamptz(expected);
  }
  return Array::of_text();
}

// Column `index` of the rows.
Array column_array(std::span<const Row> rows, std::size_t index, ColumnType type) {
  Array array = empty_array(type, rows.size());
  for (const Row& row : rows) {
    const Cell& cell = row[index];
    if (!cell)
      array.null();
    else if (type == ColumnType::text)
      array.add(*cell);
    else if (type == ColumnType::boolean)
      array.add(*cell == "t");
    else if (type == ColumnType::number)
      array.add(number_of(*cell));
    else
      array.add(postgres::Time(postgres::Time::duration(number_of(*cell))));
  }
  return array;
}

Array block_array(const RowBlock::Values& values, std::size_t rows) {
  Array array = empty_array(values.type, rows);
  auto null = values.nulls.begin();
  for (std::size_t i = 0; i < rows; ++i) {
    if (null != values.nulls.end() && *null == i) {
      array.null();
      ++null;
    } else if (values.type == ColumnType::text) {
      array.add(values.text_at(i));
    } else if (values.type == ColumnType::boolean) {
      array.add(values.numbers[i] != 0);
    } else if (values.type == ColumnType::number) {
      array.add(values.numbers[i]);
    } else {
      array.add(postgres::Time(postgres::Time::duration(values.numbers[i])));
    }
  }
  return array;
}

Parameters columns_of(const Table& table, std::span<const Row> rows, std::size_t columns) {
  Parameters parameters;
  for (std::size_t i = 0; i < columns; ++i) parameters.add(column_array(rows, i, table.columns[i].type));
  return parameters;
}

Row row_of(const Table& table, const postgres::Rows& rows, std::size_t row) {
  Row cells;
  cells.reserve(table.columns.size());
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    int column = static_cast<int>(i);
    if (rows.is_null(row, column))
      cells.emplace_back();
    else if (table.columns[i].type == ColumnType::time)
      cells.push_back(to_cell(rows.time(row, column)));
    else
      cells.emplace_back(std::string(rows.text(row, column)));
  }
  return cells;
}

std::vector<Checkpoint> checkpoints_of(const postgres::Rows& rows) {
  std::vector<Checkpoint> all;
  for (std::size_t i = 0; i < rows.size(); ++i)
    all.push_back({std::string(rows.text(i, 0)), Shard(static_cast<std::int16_t>(rows.integer(i, 1))),
                   Epoch(static_cast<std::int32_t>(rows.integer(i, 2))), Position(rows.integer(i, 3)),
                   static_cast<std::int32_t>(rows.integer(i, 4))});
  return all;
}

Parameters parameters_of(std::span<const std::string> projections, std::span<const Shard> shards) {
  Array names = Array::of_text(projections.size());
  for (const std::string& p : projections) names.add(p);
  Array numbers = Array::of_smallint(shards.size());
  for (Shard s : shards) numbers.add(s.value);
  Parameters parameters;
  parameters.add(std::move(names)).add(std::move(numbers));
  return parameters;
}

}  // namespace

// One connection, made anew after it was lost, and the statements on tables.
class PostgresSession {
 public:
  PostgresSession(std::string target, std::string suffix) : target_(std::move(target)), suffix_(std::move(suffix)) {}

  postgres::Connection& connection() {
    if (!connection_ || !connection_->is_open()) connection_ = std::make_unique<postgres::Connection>(target_);
    return *connection_;
  }

  // The kinds of statement on a table; their names are unique in the session.
  Statement statement(const std::string& kind, const Table& table, const std::function<std::string(const Table&)>& sql) {
    std::string name = "read_" + kind + "_" + table.name;
    auto found = statements_.find(name);
    if (found == statements_.end()) {
      Table physical = table;
      if (!is_shared(table)) physical.name += suffix_;
      found = statements_.emplace(std::move(name), sql(physical)).first;
    }
    return {found->first.c_str(), found->second.c_str()};
  }

 private:
  static bool is_shared(const Table& table) {
    return table.name == ParkedMessage::kTable || table.name == UnreadableMessage::kTable || table.name.starts_with("projection_");
  }

  std::string target_;
  std::string suffix_;
  std::unique_ptr<postgres::Connection> connection_;
  std::map<std::string, std::string> statements_;  // name to text
};

namespace {

class PostgresTransaction final : public ReadTransaction {
 public:
  explicit PostgresTransaction(PostgresSession& session) : session_(session), connection_(session.connection()) {
    connection_.exec(kBegin);
  }
  ~PostgresTransaction() override {
    if (!ended_) connection_.rollback();
  }

  bool advance(std::span<const Advance> moves, Timestamp now) override {
    Array projections = Array::of_text(), shards = Array::of_smallint(), epochs = Array::of_integer(), starts = Array::of_bigint(),
          ends = Array::of_bigint(), generations = Array::of_integer();
    for (const Advance& m : moves) {
      projections.add(m.projection);
      shards.add(m.shard.value);
      epochs.add(m.epoch.value);
      starts.add(m.from.value);
      ends.add(m.to.value);
      generations.add(m.generation);
    }
    Parameters parameters;
    parameters.add(std::move(projections)).add(std::move(shards)).add(std::move(epochs)).add(std::move(starts)).add(std::move(ends));
    parameters.add(now).add(std::move(generations));
    return events::as_store_errors([&] { return connection_.exec(kAdvance, parameters).affected() == moves.size(); });
  }

  std::vector<Row> select(const Table& table, std::span<const Row> keys) override {
    std::vector<Row> found;
    if (keys.empty()) return found;
    std::size_t columns = keys.front().size();
    auto select = session_.statement("select" + std::to_string(columns), table, [&](const Table& t) { return select_sql(t, columns); });
    events::as_store_errors([&] {
      postgres::Rows rows = connection_.exec(select, columns_of(table, keys, columns));
      for (std::size_t i = 0; i < rows.size(); ++i) found.push_back(row_of(table, rows, i));
    });
    return found;
  }

  void insert(const RowBlock& rows) override { write("insert", insert_sql, rows); }
  void update(const RowBlock& rows) override {
    if (write("update", update_sql, rows) != rows.size()) throw events::BadData("rows of " + rows.table().name + " are not there");
  }
  void upsert(const RowBlock& rows) override { write("upsert", upsert_sql, rows); }

  void append(const Table& table, std::span<const Row> rows) override {
    if (rows.empty()) return;
    auto statement = session_.statement("append", table, append_sql);
    events::as_store_errors([&] { connection_.exec(statement, columns_of(table, rows, table.columns.size())); });
  }

  void erase(const Table& table, std::span<const Row> keys) override {
    if (keys.empty()) return;
    auto statement = session_.statement("erase", table, erase_sql);
    events::as_store_errors([&] { connection_.exec(statement, columns_of(table, keys, table.key_columns)); });
  }

  void commit() override {
    events::as_store_errors([&] { connection_.commit(); });
    ended_ = true;
  }

 private:
  // Gives the number of rows written.
  std::size_t write(const char* kind, std::string (*sql)(const Table&), const RowBlock& rows) {
    if (rows.empty()) return 0;
    auto statement = session_.statement(kind, rows.table(), sql);
    Parameters parameters;
    for (const RowBlock::Values& values : rows.columns()) parameters.add(block_array(values, rows.size()));
    return events::as_store_errors([&] { return connection_.exec(statement, parameters).affected(); });
  }

  PostgresSession& session_;
  postgres::Connection& connection_;
  bool ended_ = false;
};

class PostgresSnapshot final : public ReadSnapshot {
 public:
  explicit PostgresSnapshot(PostgresSession& session) : connection_(session.connection()) { connection_.exec(kBeginSnapshot); }
  ~PostgresSnapshot() override { connection_.rollback(); }

  std::vector<Checkpoint> checkpoints() override {
    return events::as_store_errors([&] { return checkpoints_of(connection_.exec(kAllCheckpoints)); });
  }

  void scan(const Table& table, Shard shard, const std::function<void(Row&&)>& each) override {
    events::as_store_errors([&] { connection_.exec(kDeclareScan + scan_sql(table, shard)); });
    for (;;) {
      postgres::Rows rows = events::as_store_errors([&] { return connection_.exec(kFetchScan); });
      if (rows.empty()) break;
      for (std::size_t i = 0; i < rows.size(); ++i) each(row_of(table, rows, i));
    }
    events::as_store_errors([&] { connection_.exec(kCloseScan); });
  }

 private:
  postgres::Connection& connection_;
};

}  // namespace

PostgresReadStore::PostgresReadStore(std::string target, std::string suffix)
    : session_(std::make_unique<PostgresSession>(std::move(target), std::move(suffix))) {}
PostgresReadStore::~PostgresReadStore() = default;

std::vector<Checkpoint> PostgresReadStore::open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards,
                                                            Epoch epoch, Timestamp now) {
  return events::as_store_errors([&] {
    postgres::Connection& connection = session_->connection();
    Parameters these = parameters_of(projections, shards);
    Parameters made = parameters_of(projections, shards);
    made.add(epoch.value).add(now);
    connection.exec(kOpenCheckpoints, made);
    return checkpoints_of(connection.exec(kSelectCheckpoints, these));
  });
}

void PostgresReadStore::carry_over(std::span<const Checkpoint> checkpoints, Epoch to) {
  Array projections = Array::of_text(), shards = Array::of_smallint(), epochs = Array::of_integer(), positions = Array::of_bigint(),
        generations = Array::of_integer();
  for (const Checkpoint& c : checkpoints) {
    projections.add(c.projection);
    shards.add(c.shard.value);
    epochs.add(c.epoch.value);
    positions.add(c.position.value);
    generations.add(c.generation);
  }
  Parameters parameters;
  parameters.add(std::move(projections)).add(std::move(shards)).add(std::move(epochs)).add(std::move(positions));
  parameters.add(std::move(generations)).add(to.value);
  events::as_store_errors([&] { session_->connection().exec(kCarryOver, parameters); });
}

std::unique_ptr<ReadTransaction> PostgresReadStore::begin() {
  return events::as_store_errors([&] { return std::make_unique<PostgresTransaction>(*session_); });
}

std::unique_ptr<ReadSnapshot> PostgresReadStore::snapshot() {
  return events::as_store_errors([&] { return std::make_unique<PostgresSnapshot>(*session_); });
}

}  // namespace ordersaga::projections
