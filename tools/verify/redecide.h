// I16: decisions repeat. Each shard's inputs are decided again, in their order, by the pure turn, out of the state that the
// log's records before them give, at the time that the log says; what comes of it are the records that the log has.
//
// Decided again are commands (their bytes are in the input records) and timers. Taken as the log has them, because the log does
// not hold what they depend on:
//   - what the answers of gateway and carrier led to: an answer is no record, only its consequences are;
//   - commands refused for their headers (an unreadable reply address, a key that is not theirs, arrived after their expiry,
//     a used id): headers are not kept;
//   - commands that broke their turn and were parked, and what operators say of parked inputs and calls: the orchestrator
//     does that without the turn, and what it makes of it (a timer, say) is decided again like any other;
//   - stock levels, which other shards change too: a decision is given those that it recorded having seen.
// Memory: one shard's orders.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sagas/turn.h"
#include "tools/verify/checker.h"

namespace ordersaga::verify {

class RedecideChecker final : public Checker {
 public:
  RedecideChecker(int shards, Findings& findings) : shards_(shards), findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;

  // How many inputs were decided again.
  std::int64_t decided() const { return decided_; }

 private:
  // A record, with what of its metadata counts.
  struct Record {
    events::RecordedEvent event;
    std::string cause;
  };
  // The records of one input, which stand together.
  struct Group {
    std::string key;
    std::string cause;
    log::v1::RecordMetadata metadata;
    std::vector<Record> records;
  };

  static std::string key_of(const LogEntry& entry);
  bool belongs(const LogEntry& entry, const std::string& key) const;
  void close();
  void decide_again();
  void judge(const sagas::Input& input, const aggregates::Context& context);
  void compare(const sagas::TurnResult& result);
  void show_levels(aggregates::stock::Levels& levels) const;
  void fold();
  void found(const std::string& what, std::string expected, std::string found);

  const int shards_;
  Findings& findings_;
  std::int64_t decided_ = 0;
  std::unordered_map<std::string, sagas::OrderCase> cases_;
  std::unordered_map<std::string, sagas::StockItem> stock_items_;
  std::int64_t orders_numbered_ = 0;
  Group group_;
};

}  // namespace ordersaga::verify
