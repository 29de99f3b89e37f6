// The evidence that the checkers judge, as plain values behind narrow ports. The live system (Postgres, Kafka, the
// simulators' ledgers) and a simulation (memory store, logic ledgers, fake topics) both give it, so the same checkers
// judge both.
//
// A running system moves while it is checked. That is why each piece of evidence says what it is evidence *of*:
//   - the log only grows, so a scan up to a fixed position is the same whenever it is made;
//   - what the tables say of a shard comes with the head of that shard at the same moment (ShardSnapshot), and levels come
//     with the heads of all shards (LevelsAt): they are compared with the log folded up to exactly there;
//   - ledgers only grow too: they are read before the heads are fixed and again after the log was read, so all that the
//     first reading holds was asked for in the log, and all that the log knows of is in the second.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "events/event_store.h"
#include "events/recorded_event.h"
#include "ordersaga/shipment/v1/types.pb.h"
#include "schemas/ids.h"

namespace ordersaga::verify {

class LogSource {
 public:
  using Visit = std::function<void(const events::RecordedEvent&)>;
  virtual ~LogSource() = default;
  virtual int shards() const = 0;
  // The shard's records with position ≤ upto, ascending, in bounded memory.
  virtual void scan(Shard shard, Position upto, const Visit& visit) = 0;
};

struct InboxRow {
  std::string key;
  // An id with '#' stands for other content under a used id, which was refused.
  std::string message_id;
  Position position;
  std::string hash{};  // of the command's type and bytes, in hexadecimal digits
};

struct Inbox {
  // Rows of input records recorded before this may have been dropped.
  Timestamp complete_since{};
  std::vector<InboxRow> rows;
};

struct SagaWakeup {
  std::string saga;  // its stream
  bool effect_outstanding = false;
  Timestamp due_at{};
};

// Rows of the read models that a shard's records made.
struct OrderRow {
  std::string order_id;
  std::string order_number;
  std::string status;  // "COMPLETED"
  std::string currency_code;
  std::int64_t total_minor = 0;
  std::int64_t captured_minor = 0;
  std::int64_t refunded_minor = 0;
};
struct SagaRow {
  std::string saga;   // its stream
  std::string state;  // "COMPLETED", "PARKED" …
  Version version;
};
// What the shard's records did to a level; may be negative, since goods are received in another shard.
struct StockPartRow {
  std::string sku;
  std::string location;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  std::int64_t shipped = 0;
  std::int64_t received = 0;
};
// Rows as of the position that their projection's checkpoint names. Keys whose messages are parked are not judged.
struct ReadRows {
  Position orders_checkpoint;
  std::vector<OrderRow> orders;
  Position sagas_checkpoint;
  std::vector<SagaRow> sagas;
  Position stock_checkpoint;
  std::vector<StockPartRow> stock;
  std::set<std::string> parked_keys;
};

// What the tables say of one shard, all seen at one moment.
struct ShardSnapshot {
  Shard shard;
  Position head;
  Timestamp now{};  // the store's clock
  std::vector<SagaWakeup> wakeups;
  std::optional<ReadRows> read;  // nullopt: there is no read model to judge
};

// Stock levels of all locations, as of a position in each shard (index: shard).
struct LevelsAt {
  std::vector<Position> as_of;
  std::vector<events::StockLevel> levels;
};

class TableSource {
 public:
  virtual ~TableSource() = default;
  virtual ShardSnapshot shard(Shard shard) = 0;
  // The table that reservations are decided from.
  virtual LevelsAt levels() = 0;
  // Rows whose position is at most `upto`.
  virtual Inbox inbox(Shard shard, Position upto) = 0;
};

enum class GatewayOperation : std::uint8_t { authorize, capture, void_authorization, refund };
std::string_view name(GatewayOperation operation);

// One thing that the payment gateway did. Refusals and repeated calls with the same key are no entries.
struct GatewayEntry {
  std::string payment_id;
  GatewayOperation operation = GatewayOperation::authorize;
  std::string currency_code;
  std::int64_t amount_minor = 0;
  std::string reference;
};

class GatewaySource {
 public:
  virtual ~GatewaySource() = default;
  virtual std::vector<GatewayEntry> ledger() = 0;
};

enum class CarrierOperation : std::uint8_t { book, hand_over, cancel };
std::string_view name(CarrierOperation operation);

// One thing that the carrier did. Refusals and repeated calls with the same key are no entries.
struct CarrierEntry {
  std::string shipment_id;
  CarrierOperation operation = CarrierOperation::book;
  std::string reference;  // the carrier's id of it
  // Of the booking that it is, or acts on; empty when a cancellation came before any booking.
  std::string booking;
  // The rest is of bookings only.
  std::string postcode{};
  std::string tracking_number{};
  // Where the parcel is when the ledger is read. It only moves on.
  shipment::v1::TrackingStatus tracking = shipment::v1::TRACKING_STATUS_BOOKED;
};

class CarrierSource {
 public:
  virtual ~CarrierSource() = default;
  virtual std::vector<CarrierEntry> carrier_ledger() = 0;
};

// A message of ordersaga.events.v1, as far as its place and bytes go.
struct PublishedEvent {
  std::int64_t offset = 0;
  Epoch epoch;
  Position position;
  std::string type;  // full name
  std::string key;
  std::string stream;
  Version version;
  std::string value;
};

class TopicSource {
 public:
  using Visit = std::function<void(const PublishedEvent&)>;
  virtual ~TopicSource() = default;
  virtual Epoch epoch() = 0;  // of the log, now
  // Where the log's epochs after the first one began.
  virtual std::vector<events::EpochStart> epoch_starts() = 0;
  // The position up to which the shard must have been published, given that its head is `head`: the head itself once
  // the relay had its time.
  virtual Position published(Shard shard, Position head) = 0;
  // Messages of partition `shard` that the broker still has, in offset order.
  virtual void scan(Shard shard, const Visit& visit) = 0;
};

// In what a read model is not what a rebuild from the log gives.
struct RowDifference {
  std::string table;
  std::string key;
  std::string what;
};

class RebuildSource {
 public:
  virtual ~RebuildSource() = default;
  virtual std::vector<RowDifference> compare_with_rebuild() = 0;
};

}  // namespace ordersaga::verify
