// One try of a lane's turn: what it is about to do, from reading its inputs to the commit. Internal to the lane.
#pragma once

#include <google/protobuf/arena.h>

#include <memory>
#include <optional>
#include <vector>

#include "consumers/lane.h"
#include "consumers/turn_outcome.h"

namespace ordersaga::consumers {

struct Lane::Attempt {
  // An element of the batch that is decided in this turn. `command`: of consumed messages.
  struct Entry {
    std::size_t batch_index;
    std::optional<ReadableCommand> command;
  };
  // A command that was decided before and is asked about again.
  struct Replay {
    Entry entry;
    events::InboxEntry decided;
  };

  google::protobuf::Arena arena;
  std::vector<Entry> entries;
  std::vector<Replay> replays;
  std::vector<std::size_t> to_park;                                 // batch indices of sagas' inputs that broke their turn
  std::vector<std::size_t> deferred;                                // batch indices that wait for the next turn
  std::vector<std::vector<runtime::kafka::OutgoingMessage>> first;  // by batch index: what must be sent before it is handled
  std::unique_ptr<events::TurnTransaction> transaction;
  Timestamp now{};
  std::vector<sagas::Input> inputs;  // first those of the entries, in their order, then `more`
  std::vector<sagas::Input> more;    // what operators' commands lead to
  std::size_t parked = 0;
  std::vector<sagas::Input> loaded;  // all that was loaded for
  TurnOutcome outcome;
  events::TurnWrite write;
  std::vector<Position> positions;
  std::chrono::microseconds append_took{};
};

}  // namespace ordersaga::consumers
