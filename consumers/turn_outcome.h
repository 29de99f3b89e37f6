// What the pure turn gives, part by part: what the store is to write, and what follows the commit. Once a part was added its messages
// are not needed any more, so a turn of thousands of inputs never has more of them in memory than one part's.
#pragma once

#include <google/protobuf/arena.h>

#include <cstddef>
#include <deque>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "events/event_store.h"
#include "sagas/turn.h"

namespace ordersaga::consumers {

// Inputs of one part: some 2 MB of messages.
inline constexpr std::size_t kPartOfTurn = 256;

class TurnOutcome {
 public:
  // In the order of the turn. Records go to the end of `write`'s, calls into `keep`.
  void add(const sagas::TurnResult& part, events::TurnWrite& write, google::protobuf::Arena& keep);
  // After the last part: wake-ups and stock, one of each; and how many orders each shard has numbered, with its last record.
  void finish(const std::map<Shard, std::int64_t>& orders_numbered, events::TurnWrite& write);

  // By input: the place of a command's input record among the records; npos for other inputs.
  static constexpr std::size_t npos = sagas::InputResult::npos;
  const std::vector<std::size_t>& input_records() const { return input_records_; }
  // To be made after the commit.
  const std::vector<const saga::v1::EffectRequest*>& calls() const { return calls_; }

 private:
  struct Wakeup {
    events::Wakeup at;
    bool over;
  };
  void add_records(const sagas::TurnResult& part, events::TurnWrite& write);

  std::vector<std::size_t> input_records_;
  std::vector<const saga::v1::EffectRequest*> calls_;
  std::map<Shard, std::size_t> last_records_;
  // Their names are the keys below: elements of a deque do not move.
  std::deque<Wakeup> wakeups_;
  std::deque<events::StockDelta> stock_;
  std::unordered_map<std::string_view, Wakeup*> wakeup_of_;                                // by saga
  std::map<std::pair<std::string_view, std::string_view>, events::StockDelta*> stock_of_;  // by SKU and location
};

}  // namespace ordersaga::consumers
