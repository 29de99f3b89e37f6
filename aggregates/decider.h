// The idea of an aggregate, on one screen (Chassaing's decider):
//
//   initial                     State{}
//   decide(command, state, now) events, or a rejection
//   evolve(state, event)        the next state
//
// All three are pure: no IO, no clock, no randomness; time comes in. An aggregate is a folder with a State struct, the
// alternatives that its commands and events may have, and overloads of decide and evolve. Messages live in the
// caller's arena; deciders allocate their events there and own nothing.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "schemas/error_codes.h"
#include "schemas/ids.h"

namespace ordersaga::aggregates {

using google::protobuf::Arena;
using google::protobuf::Message;

// One of the messages that an aggregate knows. Visiting it is exhaustive at compile time.
template <class... M>
using OneOf = std::variant<const M*...>;

// Pairs for one item of the reply's details: {{"sku","A"},{"requested","3"}}.
using Detail = std::vector<std::pair<std::string, std::string>>;

// A business rule said no. A value, never an exception; `code` is of schemas/error_codes.h.
struct Rejection {
  std::string code;
  std::string message;
  // One for each thing it speaks of: a field, a SKU. Never values that may be secret or personal.
  std::vector<Detail> details;
};

// What a decision sees of the world beside its command and state.
struct Context {
  Timestamp now;
  Arena* arena;
};

// A decision gives few events, so they need no heap.
inline constexpr std::size_t kMaxEvents = 4;

// The events of one decision, in the order in which they happened. Throws std::length_error past kMaxEvents.
template <class Event>
class Events {
 public:
  Events() = default;
  Events(std::initializer_list<Event> events) {
    for (const Event& event : events) push_back(event);
  }
  void push_back(Event event) {
    if (size_ == kMaxEvents) throw std::length_error("a decision with more than kMaxEvents events");
    events_[size_++] = event;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Event& operator[](std::size_t i) const { return events_[i]; }
  const Event* begin() const { return events_.data(); }
  const Event* end() const { return events_.data() + size_; }

 private:
  std::array<Event, kMaxEvents> events_{};
  std::size_t size_ = 0;
};

// What happened, or why nothing did. No events: accepted, nothing changed.
template <class Event>
using Decision = std::variant<Events<Event>, Rejection>;

// M::descriptor(), asked once: it costs more than all the comparisons that are made with it.
template <class M>
const google::protobuf::Descriptor* type_of() {
  static const google::protobuf::Descriptor* const type = M::descriptor();
  return type;
}

// As below, for who has asked the message for its type before.
template <class... M>
bool narrow(const Message& message, const google::protobuf::Descriptor* type, std::variant<const M*...>& out) {
  return ((type_of<M>() == type && (out = static_cast<const M*>(&message), true)) || ...);
}

// Makes `out` the alternative of `OneOf` that `message` is. Returns false when it is none of them.
template <class... M>
bool narrow(const Message& message, std::variant<const M*...>& out) {
  return narrow(message, message.GetDescriptor(), out);
}

// Whether `message` is one of the alternatives.
template <class Variant>
bool is_one_of(const Message& message) {
  Variant ignored;
  return narrow(message, ignored);
}

// The message that an alternative points to.
template <class... M>
const Message& message_of(const std::variant<const M*...>& one) {
  return std::visit([](const auto* message) -> const Message& { return *message; }, one);
}

// The type of the message that an alternative points to.
template <class... M>
const google::protobuf::Descriptor* type_of(const std::variant<const M*...>& one) {
  return std::visit([]<class T>(const T*) { return type_of<T>(); }, one);
}

template <class M>
M* make(const Context& context) {
  return Arena::CreateMessage<M>(context.arena);
}

// Helper of std::visit.
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace ordersaga::aggregates
