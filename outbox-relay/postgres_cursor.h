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

 private:
  runtime::postgres::Connection& connection();

  std::string target_;
  std::unique_ptr<runtime::postgres::Connection> connection_;
};

}  // namespace ordersaga::relay
