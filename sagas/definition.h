// A saga's definition: a constant that reads like a table, checked when the program is compiled.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "sagas/step.h"

namespace ordersaga::sagas {

using EventType = const google::protobuf::Descriptor* (*)();

struct Definition {
  std::string_view name;
  int version = 1;
  // The event that starts it.
  EventType started_by = nullptr;
  std::span<const Step> steps;
};

// The rule that a definition breaks; kNone when it keeps them all.
enum class Broken : std::uint8_t {
  none,
  no_steps,
  too_many_steps,
  not_exactly_one_pivot,
  no_compensation,           // a compensatable step has none and does not say why
  compensation_after_pivot,  // nothing after the pivot is undone
  compensatable_after_pivot,
  retriable_before_pivot,
  can_fail_after_pivot,  // a retriable step has an end of tries that does not park
  no_timeout,            // a wait without an end
  unlimited_before_pivot,
  no_query,          // a call that changes the outside cannot be asked about
  incomplete_action  // a participant without what it needs
};

constexpr bool waits(const Action& a) {
  return a.participant == Participant::effect || a.participant == Participant::event || a.participant == Participant::neighbour ||
         a.participant == Participant::remote;
}

constexpr bool only_reads(const Action& a) {
  return a.polls;
}

constexpr bool is_complete(const Action& a) {
  switch (a.participant) {
    case Participant::none:
      return true;
    case Participant::local:
      return a.commands[0] != nullptr;
    case Participant::effect:
      return a.operation != v1::OPERATION_UNSPECIFIED && a.fill != nullptr && a.record[0] != nullptr &&
             (!only_reads(a) || a.done != nullptr);
    case Participant::event:
      return a.done != nullptr;
    case Participant::neighbour:
    case Participant::remote:
      return false;  // no definition uses them yet
  }
  return false;
}

constexpr Broken check(const Definition& d) {
  if (d.steps.empty()) return Broken::no_steps;
  if (d.steps.size() > 16) return Broken::too_many_steps;
  int pivots = 0;
  for (const Step& s : d.steps) {
    if (!is_complete(s.action) || !is_complete(s.compensation)) return Broken::incomplete_action;
    if (s.kind == StepKind::pivot) ++pivots;
    if (waits(s.action) && s.timeout <= Duration::zero()) return Broken::no_timeout;
    if (waits(s.compensation) && s.timeout <= Duration::zero()) return Broken::no_timeout;
    if (s.action.participant == Participant::effect && s.action.query == v1::OPERATION_UNSPECIFIED && !only_reads(s.action))
      return Broken::no_query;
    bool has_compensation = s.compensation.participant != Participant::none;
    switch (s.kind) {
      case StepKind::compensatable:
        if (pivots > 0) return Broken::compensatable_after_pivot;
        if (has_compensation == !s.no_compensation_because.empty()) return Broken::no_compensation;
        if (s.retry.max_attempts == 0 && s.on_exhausted == OnExhausted::compensate && s.action.participant == Participant::effect)
          return Broken::unlimited_before_pivot;
        break;
      case StepKind::pivot:
        if (has_compensation) return Broken::compensation_after_pivot;
        break;
      case StepKind::retriable:
        if (pivots == 0) return Broken::retriable_before_pivot;
        if (has_compensation) return Broken::compensation_after_pivot;
        if (s.retry.max_attempts != 0 && s.on_exhausted != OnExhausted::park) return Broken::can_fail_after_pivot;
        if (waits(s.action) && s.action.participant == Participant::event && s.on_exhausted != OnExhausted::park)
          return Broken::can_fail_after_pivot;
        break;
    }
  }
  return pivots == 1 ? Broken::none : Broken::not_exactly_one_pivot;
}

// All definitions, the table to add a line to. Their order is for ever: append.
std::span<const Definition* const> definitions();
const Definition& definition(int index);
std::optional<int> find_definition(std::string_view name);

}  // namespace ordersaga::sagas
