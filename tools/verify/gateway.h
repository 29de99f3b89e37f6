// I5: our payments are the gateway's ledger, both ways.
//   - What our log says the gateway did, its ledger has (read after the log).
//   - What its ledger has (read before the heads were fixed) was asked for in our log.
//   - Once all sagas of an order are over, money agrees exactly: captured, refunded, and what is still authorized.
// Until then the gateway may be ahead of us by the calls whose answers are on their way.
// Memory: the ledger's sums by payment, and one shard's payments.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/verify/checker.h"
#include "tools/verify/saga_phases.h"

namespace ordersaga::verify {

class GatewayChecker final : public Checker {
 public:
  // Reads the ledger now (so: before the heads are fixed), and again in finish(). `gateway` must outlive the checker.
  GatewayChecker(GatewaySource& gateway, Findings& findings);
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;
  void finish() override;

 private:
  // Amounts by operation.
  struct Sums {
    std::array<std::int64_t, 4> by_operation{};
    std::int64_t& of(GatewayOperation o) { return by_operation[static_cast<std::size_t>(o)]; }
    std::int64_t of(GatewayOperation o) const { return by_operation[static_cast<std::size_t>(o)]; }
  };
  struct Payment {
    Sums done;
    Sums asked;
    bool voided = false;
    bool void_asked = false;
    bool settled = false;
  };
  struct Ledger {
    Sums done;
    bool voided = false;
  };
  using LedgerSums = std::unordered_map<std::string, Ledger>;

  static LedgerSums sum(const std::vector<GatewayEntry>& ledger);
  void see_payment(Payment& payment, const LogEntry& entry);
  void see_request(const LogEntry& entry);
  void check_before(const std::string& id, const Ledger& ledger, const Payment* payment);
  void check_after(const std::string& id, const Payment& payment, const Ledger& ledger);

  GatewaySource& gateway_;
  Findings& findings_;
  LedgerSums before_;
  SagaPhases phases_;
  std::unordered_map<std::string, Payment> payments_;          // of all shards: sums only
  std::vector<std::pair<std::string, std::string>> of_shard_;  // payment id, order id
};

}  // namespace ordersaga::verify
