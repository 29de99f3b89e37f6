// A history to judge: a log of a few shards with the tables, ledgers and topic that belong to it. A good one is built
// with the verbs below; a test then spoils one thing and says which checker must find it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "events/codec.h"
#include "ordersaga/common/v1/reply.pb.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "tools/verify/check.h"
#include "tools/verify/evidence.h"

namespace ordersaga::verify::test {

inline constexpr int kShards = 4;

struct History final : LogSource, TableSource, GatewaySource, CarrierSource, TopicSource, RebuildSource {
  History();

  // --- building: each adds records where the system would, and keeps the other evidence in step.
  events::RecordedEvent& append(const std::string& stream, const google::protobuf::Message& payload);
  events::RecordedEvent& append_keyed(const std::string& key, const google::protobuf::Message& payload);
  // A command's input record with the row that the inbox has for it; the command must lead to something by itself.
  events::RecordedEvent& decide(const std::string& key, const ordersaga::log::v1::InputRecord& input);
  void receive(const std::string& sku, const std::string& location, int quantity);
  // One unit of SKU-1 at ams for 1000 EUR cents, with its command's input record and inbox row.
  void place(const std::string& order);
  void reserve(const std::string& order);
  void authorize(const std::string& order);
  void confirm(const std::string& order);
  void capture(const std::string& order);
  // The parcel's way: booked and created, handed over and dispatched, delivered.
  void book(const std::string& order);
  void hand_over(const std::string& order);
  void deliver(const std::string& order);
  // All of the parcel's way, the goods' and the order's.
  void ship_and_complete(const std::string& order);
  // A confirmed order is undone: its booking is cancelled, its sagas end. Says nothing of money and goods.
  void cancel_shipment(const std::string& order);
  void void_and_release(const std::string& order);
  void reject(const std::string& order);
  // The whole way.
  void completed(const std::string& order);
  void rejected(const std::string& order);
  // Makes topic and read models say what the log says now.
  void publish_all();
  void project_all();

  // --- the evidence
  std::vector<std::vector<events::RecordedEvent>> log;
  std::vector<ShardSnapshot> snapshots;
  std::vector<Inbox> inboxes;
  LevelsAt level_table;
  std::vector<GatewayEntry> gateway;
  std::vector<CarrierEntry> carrier;
  std::vector<std::vector<PublishedEvent>> topic;
  std::vector<events::EpochStart> starts;  // of later epochs; publish_all() knows of the first one only
  std::vector<RowDifference> differences;

  Shard shard_of_key(const std::string& key) const { return shard_of(key, kShards); }
  std::vector<events::RecordedEvent>& log_of(const std::string& key) { return log[index(key)]; }
  std::size_t index(const std::string& key) const { return static_cast<std::size_t>(shard_of_key(key).value); }
  ReadRows& read_of(const std::string& key) { return *snapshots[index(key)].read; }
  std::vector<SagaWakeup>& wakeups_of(const std::string& key) { return snapshots[index(key)].wakeups; }

  // --- the ports
  int shards() const override { return kShards; }
  void scan(Shard shard, Position upto, const LogSource::Visit& visit) override;
  ShardSnapshot shard(Shard shard) override;
  LevelsAt levels() override { return level_table; }
  Inbox inbox(Shard shard, Position upto) override;
  std::vector<GatewayEntry> ledger() override { return gateway; }
  std::vector<CarrierEntry> carrier_ledger() override { return carrier; }
  // The carrier's booking of the order's shipment.
  CarrierEntry& booking_of(const std::string& order);
  Epoch epoch() override { return starts.empty() ? Epoch(1) : starts.back().epoch; }
  std::vector<events::EpochStart> epoch_starts() override { return starts; }
  Position published(Shard, Position head) override { return head; }
  void scan(Shard shard, const TopicSource::Visit& visit) override;
  std::vector<RowDifference> compare_with_rebuild() override { return differences; }

  // Findings of all checkers over this history, but those of decisions: nobody decided it. Publishes and projects nothing by
  // itself.
  std::vector<Finding> judge();

 private:
  void advance(const std::string& stream, const std::string& order, saga::v1::SagaAdvanced advanced);
  void change_level(int on_hand, int reserved);
  std::map<std::string, Version> versions_;
  std::map<std::string, std::string> causes_;  // by key: what leads to its next records
  int commands_ = 0;
};

// Two orders completed, one rejected after its payment was declined, one on its way; published and projected.
History good_history();

// What hexadecimal digits stand for.
std::string bytes_of(std::string_view digits);

// The invariants that were found broken, in order, without repetition.
std::vector<std::string> broken(const std::vector<Finding>& findings);

}  // namespace ordersaga::verify::test
