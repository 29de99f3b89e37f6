// What operators ask of the projector, in tables. Columns are explained in schemas/sql/V142 to V145.
#pragma once

#include <string>

#include "projections/table.h"

namespace ordersaga::projections {

inline constexpr const char* kRetry = "RETRY";
inline constexpr const char* kDiscard = "DISCARD";
inline constexpr const char* kDiscardAll = "DISCARD_ALL";

struct Request {
  static constexpr std::string_view kTable = "projection_requests";
  static constexpr std::size_t kKeyColumns = 2;
  static constexpr std::size_t kFixedColumns = 8;

  Shard shard;
  std::int64_t id = 0;
  std::string projection;
  std::string key;
  std::string action;
  std::string reason;
  std::string actor;
  Timestamp requested_at;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("shard", row.shard);
    column("id", row.id);
    column("projection", row.projection);
    column("key", row.key);
    column("action", row.action);
    column("reason", row.reason);
    column("actor", row.actor);
    column("requested_at", row.requested_at);
  }
};

struct RequestDone {
  static constexpr std::string_view kTable = "projection_requests_done";
  static constexpr std::size_t kKeyColumns = 2;
  static constexpr std::size_t kFixedColumns = 13;

  Request request;
  Timestamp done_at;
  std::int64_t applied = 0;
  std::int64_t discarded = 0;
  std::int64_t remaining = 0;
  std::string trouble;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    Request::columns(row.request, column);
    column("done_at", row.done_at);
    column("applied", row.applied);
    column("discarded", row.discarded);
    column("remaining", row.remaining);
    column("trouble", row.trouble);
  }
};

struct Pause {
  static constexpr std::string_view kTable = "projection_pauses";
  static constexpr std::size_t kKeyColumns = 1;
  static constexpr std::size_t kFixedColumns = 4;

  std::string projection;
  std::string reason;
  std::string actor;
  Timestamp paused_at;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("projection", row.projection);
    column("reason", row.reason);
    column("actor", row.actor);
    column("paused_at", row.paused_at);
  }
};

}  // namespace ordersaga::projections
