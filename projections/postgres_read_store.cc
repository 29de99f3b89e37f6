#include "projections/postgres_read_store.h"

#include <map>
#include <pqxx/pqxx>
#include <utility>

#include "events/errors.h"
#include "projections/array_text.h"
#include "projections/read_sql.h"

namespace ordersaga::projections {

namespace {

constexpr const char* kOpenCheckpoints =
    "INSERT INTO read.projection_checkpoint (projection, shard, epoch, position, updated_at) "
    "SELECT p, s, $3::integer, 0, 'epoch'::timestamptz + $4::bigint * '1 microsecond'::interval "
    "FROM unnest($1::text[]) AS p, unnest($2::smallint[]) AS s ORDER BY p, s ON CONFLICT (projection, shard) DO NOTHING";
constexpr const char* kSelectCheckpoints =
    "SELECT projection, shard, epoch, position FROM read.projection_checkpoint "
    "WHERE projection = ANY ($1::text[]) AND shard = ANY ($2::smallint[]) ORDER BY projection, shard";
constexpr const char* kAllCheckpoints =
    "SELECT projection, shard, epoch, position FROM read.projection_checkpoint ORDER BY projection, shard";
constexpr const char* kAdvance =
    "UPDATE read.projection_checkpoint c SET position = m.ends, updated_at = 'epoch'::timestamptz + $6::bigint * '1 microsecond'::interval "
    "FROM unnest($1::text[], $2::smallint[], $3::integer[], $4::bigint[], $5::bigint[]) AS m(projection, shard, epoch, starts, ends) "
    "WHERE c.projection = m.projection AND c.shard = m.shard AND c.epoch = m.epoch AND c.position = m.starts";
constexpr const char* kOneMoment = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
constexpr const char* kDeclareScan = "DECLARE scan NO SCROLL CURSOR FOR ";
constexpr const char* kFetchScan = "FETCH 5000 FROM scan";
constexpr const char* kCloseScan = "CLOSE scan";

using Parameters = std::vector<std::string>;

bool is_data_error(const std::string& sqlstate) {
  std::string kind = sqlstate.substr(0, 2);
  return kind == "22" || kind == "23" || kind == "54";
}

// Objects or rights that are missing: no try on another connection helps.
bool is_misconfigured(const std::string& sqlstate) {
  std::string kind = sqlstate.substr(0, 2);
  return kind == "42" || kind == "3D" || kind == "3F" || kind == "28";
}

Row row_of(const pqxx::row& result) {
  Row cells;
  cells.reserve(static_cast<std::size_t>(result.size()));
  for (const auto& field : result) {
    if (field.is_null())
      cells.emplace_back();
    else
      cells.emplace_back(std::string(field.c_str(), static_cast<std::size_t>(field.size())));
  }
  return cells;
}

std::vector<Checkpoint> checkpoints_of(const pqxx::result& rows) {
  std::vector<Checkpoint> all;
  for (const auto& row : rows)
    all.push_back(
        {row[0].c_str(), Shard(row[1].as<std::int16_t>()), Epoch(row[2].as<std::int32_t>()), Position(row[3].as<std::int64_t>())});
  return all;
}

// An array of one cell for each value. Quoted, which Postgres takes for numbers too.
template <class Values, class ToCell>
std::string array_of(const Values& values, ToCell to_cell_of) {
  std::vector<Row> rows;
  for (const auto& v : values) rows.push_back({to_cell_of(v)});
  return array_text(rows, 0, ColumnType::text);
}

}  // namespace

// One connection, its prepared statements, and the classification of what goes wrong on it.
class PostgresSession {
 public:
  explicit PostgresSession(std::string target) : target_(std::move(target)) {}

  pqxx::connection& connection() {
    if (!connection_) {
      connection_ = std::make_unique<pqxx::connection>(target_);
      prepared_.clear();
    }
    return *connection_;
  }

  pqxx::result run(pqxx::work& work, const std::string& sql, const Parameters& parameters) {
    auto [found, is_new] = prepared_.try_emplace(sql, "read" + std::to_string(prepared_.size()));
    if (is_new) connection().prepare(found->second, sql);
#if PQXX_VERSION_MAJOR >= 7
    pqxx::params all;
    for (const std::string& p : parameters) all.append(p);
    return work.exec_prepared(found->second, all);
#else
    return work.exec_prepared(found->second, pqxx::prepare::make_dynamic_params(parameters));
#endif
  }

  // Runs `work` and gives failures the names of events/errors.h. After all but refused data the connection is dropped:
  // what state it is in is not known, and the next use makes a new one.
  template <class Work>
  auto classified(Work&& work) -> decltype(work()) {
    try {
      return work();
    } catch (const pqxx::in_doubt_error& e) {
      broken_ = true;
      throw events::CommitInDoubt(e.what());
    } catch (const pqxx::statement_completion_unknown& e) {
      broken_ = true;
      throw events::CommitInDoubt(e.what());
    } catch (const pqxx::sql_error& e) {
      if (is_data_error(e.sqlstate())) throw events::BadData(e.what());
      broken_ = true;
      if (is_misconfigured(e.sqlstate())) throw events::StoreMisconfigured(std::string(e.what()) + " (run: sagactl db migrate)");
      throw events::StoreUnavailable(e.what());
    } catch (const pqxx::failure& e) {
      broken_ = true;
      throw events::StoreUnavailable(e.what());
    }
  }

  // Called when no transaction is open.
  void heal() {
    if (broken_) connection_.reset();
    broken_ = false;
  }

 private:
  std::string target_;
  std::unique_ptr<pqxx::connection> connection_;
  std::map<std::string, std::string> prepared_;  // statement's text to its name
  bool broken_ = false;
};

namespace {

class PostgresTransaction final : public ReadTransaction {
 public:
  explicit PostgresTransaction(PostgresSession& session) : session_(session), work_(session.connection()) {}

  bool advance(std::span<const Advance> moves, Timestamp now) override {
    return session_.classified([&] {
      Parameters parameters{array_of(moves, [](const Advance& m) { return to_cell(m.projection); }),
                            array_of(moves, [](const Advance& m) { return to_cell(m.shard); }),
                            array_of(moves, [](const Advance& m) { return to_cell(m.epoch); }),
                            array_of(moves, [](const Advance& m) { return to_cell(m.from); }),
                            array_of(moves, [](const Advance& m) { return to_cell(m.to); }),
                            *to_cell(now)};
      return static_cast<std::size_t>(session_.run(work_, kAdvance, parameters).affected_rows()) == moves.size();
    });
  }

  std::vector<Row> select(const Table& table, std::span<const Row> keys) override {
    std::vector<Row> rows;
    if (keys.empty()) return rows;
    std::size_t columns = keys.front().size();
    session_.classified([&] {
      for (const auto& row : session_.run(work_, select_sql(table, columns), arrays(table, keys, columns))) rows.push_back(row_of(row));
    });
    return rows;
  }

  void upsert(const Table& table, std::span<const Row> rows) override { write(upsert_sql(table), table, rows); }
  void append(const Table& table, std::span<const Row> rows) override { write(append_sql(table), table, rows); }
  void commit() override {
    session_.classified([&] { work_.commit(); });
  }

 private:
  static Parameters arrays(const Table& table, std::span<const Row> rows, std::size_t columns) {
    Parameters parameters;
    for (std::size_t i = 0; i < columns; ++i) parameters.push_back(array_text(rows, i, table.columns[i].type));
    return parameters;
  }

  void write(const std::string& sql, const Table& table, std::span<const Row> rows) {
    if (rows.empty()) return;
    session_.classified([&] { session_.run(work_, sql, arrays(table, rows, table.columns.size())); });
  }

  PostgresSession& session_;
  pqxx::work work_;
};

class PostgresSnapshot final : public ReadSnapshot {
 public:
  explicit PostgresSnapshot(PostgresSession& session) : session_(session), work_(session.connection()) { work_.exec(kOneMoment); }

  std::vector<Checkpoint> checkpoints() override {
    return session_.classified([&] { return checkpoints_of(work_.exec(kAllCheckpoints)); });
  }

  void scan(const Table& table, Shard shard, const std::function<void(Row&&)>& each) override {
    session_.classified([&] {
      work_.exec(kDeclareScan + scan_sql(table, shard));
      for (;;) {
        pqxx::result rows = work_.exec(kFetchScan);
        if (rows.empty()) break;
        for (const auto& row : rows) each(row_of(row));
      }
      work_.exec(kCloseScan);
    });
  }

 private:
  PostgresSession& session_;
  pqxx::work work_;
};

}  // namespace

PostgresReadStore::PostgresReadStore(std::string connection) : session_(std::make_unique<PostgresSession>(std::move(connection))) {}
PostgresReadStore::~PostgresReadStore() = default;

std::vector<Checkpoint> PostgresReadStore::open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards,
                                                            Epoch epoch, Timestamp now) {
  session_->heal();
  return session_->classified([&] {
    pqxx::work work(session_->connection());
    Parameters these{array_of(projections, [](const std::string& p) { return to_cell(p); }),
                     array_of(shards, [](Shard s) { return to_cell(s); })};
    Parameters made = these;
    made.push_back(*to_cell(epoch));
    made.push_back(*to_cell(now));
    session_->run(work, kOpenCheckpoints, made);
    std::vector<Checkpoint> opened = checkpoints_of(session_->run(work, kSelectCheckpoints, these));
    work.commit();
    return opened;
  });
}

std::unique_ptr<ReadTransaction> PostgresReadStore::begin() {
  session_->heal();
  return session_->classified([&] { return std::make_unique<PostgresTransaction>(*session_); });
}

std::unique_ptr<ReadSnapshot> PostgresReadStore::snapshot() {
  session_->heal();
  return session_->classified([&] { return std::make_unique<PostgresSnapshot>(*session_); });
}

}  // namespace ordersaga::projections
