// I7: stock. The level table is the fold of the log; on_hand + reserved + shipped = received at each place; reserved is
// what open reservations hold; nothing is negative; a reservation gives back or ships exactly what it held, once.
// Levels span shards, so they are judged when all shards were read, each up to the position that the table was seen at.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "tools/verify/checker.h"
#include "tools/verify/stock_fold.h"

namespace ordersaga::verify {

class StockChecker final : public Checker {
 public:
  // Reads the levels now. REQUIRES: every shard is then scanned at least up to LevelsAt::as_of.
  StockChecker(TableSource& tables, Findings& findings) : findings_(findings), table_(tables.levels()) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;
  void finish() override;

 private:
  using Held = std::map<Place, std::int64_t>;
  void see_reservation(const LogEntry& entry);

  Findings& findings_;
  LevelsAt table_;
  std::unordered_map<std::string, Held> held_;  // of one shard, by order id
  std::map<Place, Units> folded_;
  std::map<Place, std::int64_t> open_;  // what open reservations hold
};

}  // namespace ordersaga::verify
