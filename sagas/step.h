// The words of a saga definition: a step, what it does, how it is undone, how long it may take and how often it is tried.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "aggregates/decider.h"
#include "ordersaga/saga/v1/effect.pb.h"
#include "schemas/ids.h"

namespace ordersaga::sagas {

using aggregates::Context;
using aggregates::Message;
namespace v1 = ordersaga::saga::v1;

struct OrderCase;

enum class StepKind : std::uint8_t {
  compensatable,  // can be undone
  pivot,          // the point of no return: before it everything can be undone, after it nothing needs to be
  retriable,      // after the pivot: succeeds in the end
};

// Who carries a step out.
enum class Participant : std::uint8_t {
  none,       // nothing to do in this direction
  local,      // aggregates of this order: decided in the same turn
  effect,     // a call to the outside, made after the commit that recorded it
  event,      // nobody is asked: waits for an event of this order (a person, a warehouse)
  neighbour,  // an aggregate of another key, by a request on the command topic
  remote,     // a service behind a command topic of its own
};

// Makes a local command from what is known of the order. Allocates it in the context's arena.
using MakeCommand = Message* (*)(const OrderCase&, const Context&);
// Fills in what is particular to the call; who and what it is about (engine.h, outstanding_call) follows from its place. An
// empty subject is the order's first payment or parcel.
using FillRequest = void (*)(const OrderCase&, v1::EffectRequest&);
// Makes the local command that records a definite result of a call.
using RecordResult = Message* (*)(const OrderCase&, const v1::EffectResult&, const Context&);
using Applies = bool (*)(const OrderCase&);
using FailedWith = std::optional<aggregates::Rejection> (*)(const OrderCase&);

inline constexpr std::size_t kMaxCommands = 4;
template <class F>
using UpTo4 = std::array<F, kMaxCommands>;

// Exponential back-off with full jitter: a try waits between 0 and min(cap, base * 2^tries).
struct Retry {
  int max_attempts = 1;  // 0: no end
  Duration base = std::chrono::milliseconds(200);
  Duration cap = std::chrono::seconds(30);
};

// Something to do. Local commands of one action are decided together: all or none.
struct Action {
  Participant participant = Participant::none;
  // local: what to decide. effect: what to decide when the call is first made (may be empty).
  UpTo4<MakeCommand> commands{};
  // effect
  v1::Operation operation = v1::OPERATION_UNSPECIFIED;
  FillRequest fill = nullptr;
  // What to decide when the call succeeded, failed for good, or is unknown (the last two: the first only).
  UpTo4<RecordResult> record{};
  RecordResult record_failure = nullptr;
  RecordResult record_unknown = nullptr;
  // The operation that asks what became of the call; OPERATION_UNSPECIFIED for calls that only read.
  v1::Operation query = v1::OPERATION_UNSPECIFIED;
  // A read that is repeated, from every base to every cap, until `done`.
  bool polls = false;
  Retry poll_every{};
  // event and polls: what ends the wait.
  Applies done = nullptr;
  // Why the step has failed although its commands were accepted or its call was answered; null: it cannot.
  FailedWith failed_with = nullptr;
  // The action is skipped for orders to which it does not apply; null: it always does.
  Applies applies = nullptr;
};

enum class OnExhausted : std::uint8_t {
  compensate,  // undo what was done
  park,        // stop, visibly, for an operator
};

struct Step {
  std::string_view name;
  StepKind kind = StepKind::compensatable;
  Action action{};
  Action compensation{};
  // Why a compensatable step needs no compensation; required exactly when it has none.
  std::string_view no_compensation_because{};
  // How long one try (or the wait for an event) may take.
  Duration timeout{};
  Retry retry{};
  Retry compensation_retry{.max_attempts = 0};
  OnExhausted on_exhausted = OnExhausted::compensate;
  // How long an unknown outcome is asked about before the step counts as failed and is undone.
  Duration unknown_for = std::chrono::minutes(10);
  std::string_view unknown_code = "DEPENDENCY_TIMEOUT";
};

}  // namespace ordersaga::sagas
