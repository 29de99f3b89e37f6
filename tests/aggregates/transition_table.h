// Every state × every command of an aggregate, as a table of one letter a cell:
//
//   E  an event             -  accepted, nothing happens
//   X  INVALID_TRANSITION   N  …_NOT_FOUND       ?  another rejection
//
// Beside the letters it is checked that each event leads to a status that allowed_next() names, that no other status
// is named, and that what was accepted once is harmless a second time.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aggregates/decider.h"
#include "tests/support/given_when_then.h"

namespace ordersaga::tests {

template <class Aggregate>
struct Row {
  using Status = decltype(Aggregate::State::status);

  Status status;
  typename Aggregate::State state;
  std::string_view outcomes;  // a letter for each command; blanks are for the eye
};

template <class Command>
struct Column {
  std::string_view name;
  Command command;
};

template <class Aggregate>
char outcome_letter(const aggregates::Decision<typename Aggregate::Event>& decision) {
  if (const auto* rejection = std::get_if<aggregates::Rejection>(&decision)) {
    if (rejection->code == error::kInvalidTransition) return 'X';
    return rejection->code.ends_with("_NOT_FOUND") ? 'N' : '?';
  }
  return std::get<0>(decision).empty() ? '-' : 'E';
}

template <class Aggregate>
void check_table(const Aggregate& aggregate, const std::vector<Column<typename Aggregate::Command>>& columns,
                 const std::vector<Row<Aggregate>>& rows) {
  for (const Row<Aggregate>& row : rows) {
    SCOPED_TRACE(std::string("in status ").append(name(row.status)));
    ASSERT_EQ(row.state.status, row.status) << "the row's history does not lead there";
    std::string letters;
    for (char c : row.outcomes)
      if (c != ' ') letters += c;
    ASSERT_EQ(letters.size(), columns.size());

    std::set<typename Row<Aggregate>::Status> reached;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      SCOPED_TRACE(columns[i].name);
      aggregates::Arena arena;
      aggregates::Context context{kNow, &arena};
      auto decision = aggregate.decide(columns[i].command, row.state, context);
      EXPECT_EQ(outcome_letter<Aggregate>(decision), letters[i]);
      if (outcome_letter<Aggregate>(decision) != 'E') continue;

      auto state = row.state;
      for (const auto& event : std::get<0>(decision)) evolve(state, event);
      if (state.status != row.status) reached.insert(state.status);
      // Nothing happens, or it is refused (another order of the same id, a reservation that was just refused).
      EXPECT_NE(outcome_letter<Aggregate>(aggregate.decide(columns[i].command, state, context)), 'E') << "a second time";
    }
    std::set<typename Row<Aggregate>::Status> allowed(allowed_next(row.status).begin(), allowed_next(row.status).end());
    EXPECT_EQ(reached, allowed) << "what allowed_next() names is not what the commands reach";
  }
}

}  // namespace ordersaga::tests
