// Cursors in the table log.relay_cursors.
#pragma once

#include <memory>
#include <string>

#include "outbox-relay/cursor.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::relay {

// One connection, made at the first call and anew after it was lost; a call never retries by itself.
class PostgresCursorStore final : public CursorStore {
 public:
  // `target` is what libpq takes; the role is ordersaga_relay.
  explicit PostgresCursorStore(std::string target) : target_(std::move(target)) {}
  std::optional<Cursor> load(Shard shard) override;
  void save(std::span<const Cursor> cursors) override;
  std::vector<Cursor> rewind(std::span<const Shard> shards, Epoch epoch, const std::string& cluster_id) override;
  void show_halts(std::span<const Shard> shards, const std::map<Shard, std::string>& halted) override;

 private:
  runtime::postgres::Connection& connection();

  std::string target_;
  std::unique_ptr<runtime::postgres::Connection> connection_;
};

}  // namespace ordersaga::relay
