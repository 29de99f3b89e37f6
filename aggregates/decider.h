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

#include <cassert>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "schemas/ids.h"

namespace ordersaga::aggregates {

using google::protobuf::Arena;
using google::protobuf::Message;

// One of the messages that an aggregate knows. Visiting it is exhaustive at compile time.
template <class... M>
using OneOf = std::variant<const M*...>;

// A business rule said no. A value, never an exception; `code` is of docs/errors.md.
struct Rejection {
  std::string code;
  std::string message;
  // Pairs for the reply's details, one inner vector for each item it speaks of: {{"sku","A"},{"requested","3"}}.
  std::vector<std::vector<std::pair<std::string, std::string>>> details;
};

// What a decision sees of the world beside its command and state.
struct Context {
  Timestamp now;
  Arena* arena;
};

// Events in the order in which they happened, or why nothing happened. No events: accepted, nothing changed.
template <class Event>
using Decision = std::variant<std::vector<Event>, Rejection>;

// The alternative of `OneOf` that `message` is. Returns false when it is none of them.
template <class Variant, std::size_t I = 0>
bool narrow(const Message& message, Variant& out) {
  if constexpr (I == std::variant_size_v<Variant>) {
    return false;
  } else {
    using M = std::remove_const_t<std::remove_pointer_t<std::variant_alternative_t<I, Variant>>>;
    if (message.GetDescriptor() == M::descriptor()) {
      out = static_cast<const M*>(&message);
      return true;
    }
    return narrow<Variant, I + 1>(message, out);
  }
}

// Whether `message` is one of the alternatives.
template <class Variant>
bool is_one_of(const Message& message) {
  Variant ignored;
  return narrow(message, ignored);
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
