// A saga's run as a picture in text, from its records in the log.
//
// Two steps: activities() folds the records into what was done (a step, or the undoing of one, with its tries);
// draw() gives the lines. Both are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ordersaga/saga/v1/saga.pb.h"
#include "schemas/ids.h"

namespace ordersaga::sagactl {

struct SagaRecord {
  std::string stream;
  Timestamp at{};
  saga::v1::SagaAdvanced advanced;
};

enum class ActivityStatus : std::uint8_t { running, waiting_to_retry, unknown, done, skipped, failed, stuck };

struct Activity {
  std::string name;
  bool compensation = false;
  bool pivot = false;
  ActivityStatus status = ActivityStatus::running;
  Timestamp begin{};
  std::optional<Timestamp> end;
  int attempt = 1;
  int queries = 0;  // asked what became of a call
  int polls = 0;
  std::string code;
  std::string message;
  std::optional<Timestamp> wake_at;  // while it is not over
};

struct Run {
  std::string type;
  std::string order_id;
  std::string trace;  // the trace id of the starting command
  std::string state = "RUNNING";
  std::string code;  // why it was undone or stopped
  std::string message;
  Timestamp started{};
  std::optional<Timestamp> ended;
  std::vector<Activity> activities;  // in the order in which they began
};

// REQUIRES: at least one record, in order of version.
Run activities(const std::vector<SagaRecord>& records);

// What the order's money and stock came to.
struct OrderFacts {
  std::string currency;
  std::int64_t authorized = 0;
  std::int64_t captured = 0;
  std::int64_t refunded = 0;
  bool voided = false;
  std::int64_t reserved = 0;  // units ever
  std::int64_t released = 0;
  std::int64_t shipped = 0;
};

struct DrawOptions {
  int width = 100;
  bool color = false;
  Timestamp now{};
  std::string order_number;  // the order's id stands in for an empty one
};

// Lines without line feeds. `saga` is the saga's name in the heading.
std::vector<std::string> draw(const std::string& saga, const Run& run, const std::optional<OrderFacts>& facts, const DrawOptions& options);

}  // namespace ordersaga::sagactl
