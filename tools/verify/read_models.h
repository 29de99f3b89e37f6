// I12: each projection has applied each record exactly once, as far as its checkpoint says. Its checkpoint is at most the
// head; the orders' and sagas' rows, and the shard's part of the stock levels (sums, which a record applied twice or
// never would spoil), are the fold of the log up to the checkpoint; there is a row for each of them and no other.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "tools/verify/checker.h"
#include "tools/verify/saga_phases.h"
#include "tools/verify/stock_fold.h"

namespace ordersaga::verify {

class ReadModelsChecker final : public Checker {
 public:
  explicit ReadModelsChecker(Findings& findings) : findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;

 private:
  void see_order(const LogEntry& entry);
  void check_checkpoint(const ShardSnapshot& snapshot, std::string_view projection, Position checkpoint);
  void check_orders(const ReadRows& read);
  void check_sagas(const ReadRows& read);
  void check_stock(const ShardSnapshot& snapshot, const ReadRows& read);

  Findings& findings_;
  Position orders_upto_;
  Position sagas_upto_;
  Position stock_upto_;
  std::unordered_map<std::string, OrderRow> orders_;
  SagaPhases phases_;
  std::unordered_map<std::string, Version> saga_versions_;
  std::map<Place, Units> stock_;
};

}  // namespace ordersaga::verify
