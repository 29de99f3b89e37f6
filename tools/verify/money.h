// I4: money, by the state of the order. Always: refunded ≤ captured ≤ authorized for each payment, in the order's currency.
// Completed: what was captured and not refunded is the order's total. Rejected and cancelled: nothing is kept. In all
// three no authorization is left open.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "tools/verify/checker.h"

namespace ordersaga::verify {

class MoneyChecker final : public Checker {
 public:
  explicit MoneyChecker(Findings& findings) : findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;

 private:
  enum class End : std::uint8_t { none, completed, rejected, cancelled };
  struct Payment {
    std::int64_t authorized = 0;
    std::int64_t captured = 0;
    std::int64_t refunded = 0;
    bool voided = false;
  };
  struct Order {
    End end = End::none;
    std::string currency;
    std::int64_t total = 0;
    std::map<std::string, Payment> payments;  // by payment id
  };

  void see_order(Order& order, const LogEntry& entry);
  void see_payment(Order& order, const LogEntry& entry);
  void check_amount(const Order& order, const LogEntry& entry, std::string_view currency, std::int64_t amount);
  void check_end(const std::string& id, const Order& order);

  Findings& findings_;
  std::unordered_map<std::string, Order> orders_;
};

}  // namespace ordersaga::verify
