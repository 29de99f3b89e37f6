// A turn, pure: inputs, what is known, and the time give records, stock changes, wake-ups and calls to the outside.
// No IO, no clock, no randomness: the same arguments give the same result, always, anywhere.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aggregates/stock/levels.h"
#include "aggregates/string_map.h"
#include "ordersaga/log/v1/record.pb.h"
#include "sagas/engine.h"
#include "sagas/order_case.h"

namespace ordersaga::sagas {

// A command from outside, already read. `record` is its input record with everything but outcome, error, stream and version,
// which the turn fills in. Without a message it was refused before it could be decided, and `record` says why.
struct CommandInput {
  const Message* message;
  std::string key;  // order id or SKU
  ordersaga::log::v1::InputRecord* record;
  std::string correlation_id;
  std::string traceparent;
  std::string actor;
};
struct ResultInput {
  const v1::EffectResult* result;
};
// A saga's wake-up is due.
struct WakeInput {
  std::string saga;
};
// The shard is new to this process: what the saga has outstanding must be sent again.
struct ResumeInput {
  std::string saga;
};
using Input = std::variant<CommandInput, ResultInput, WakeInput, ResumeInput>;

// What must be loaded before an input is decided.
struct Needs {
  std::string order_id;           // empty: none
  std::vector<std::string> skus;  // levels
  std::string stock_item;         // empty: none
};
Needs needs_of(const Input& input);
// The partition key that an input belongs to; empty when it names none.
std::string_view key_of(const Input& input);

using StockItem = Versioned<aggregates::stock::State>;

// What a turn knows, and changes. After a turn that did not commit, the cases that it touched are no longer true: drop them.
struct WorkingSet {
  aggregates::StringMap<OrderCase> cases;
  aggregates::StringMap<StockItem> stock_items;
  aggregates::stock::Levels levels;
  // Orders numbered so far, by shard.
  std::map<Shard, std::int64_t> orders_numbered;
};

// Names and messages of what follows live in the context's arena.
struct TurnRecord {
  Shard shard;
  std::string_view stream;  // empty: belongs to no stream
  Version version;
  const Message* payload;
  // The records of one input that follow each other share it.
  const ordersaga::log::v1::RecordMetadata* metadata;
};

struct NextWakeup {
  Shard shard;
  std::string_view saga;
  bool over = false;  // the saga ended or waits for an operator: no wake-up
  Timestamp at{};
  bool effect_outstanding = false;
};

// Change of one level over the whole turn. create: goods came in, so the level may be new.
struct NetDelta {
  std::string_view sku;
  std::string_view location;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  bool create = false;
};

// What became of one input.
struct InputResult {
  // Index of a command's input record in TurnResult::records; npos for other inputs.
  std::size_t record = npos;
  bool accepted = true;
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

struct TurnResult {
  std::vector<TurnRecord> records;                // in log order
  std::vector<InputResult> inputs;                // parallel to the turn's inputs
  std::vector<NextWakeup> wakeups;                // one a saga that moved
  std::vector<NetDelta> stock;                    // netted, one a (sku, location), zero deltas left out
  std::vector<const v1::EffectRequest*> effects;  // to be made after the commit
};

// An input may lead to at most this many records; more is a broken definition and throws BrokenInvariant.
inline constexpr std::size_t kMaxRecordsPerInput = 1'000;

// The programmers' mistakes that a turn can meet in its data: the input is parked and the rest goes on.
struct BrokenInvariant : std::logic_error {
  using std::logic_error::logic_error;
};

// REQUIRES: for every input, what needs_of() names is in `known`.
TurnResult run_turn(std::span<const Input> inputs, WorkingSet& known, int shards, const Context& context);

}  // namespace ordersaga::sagas
