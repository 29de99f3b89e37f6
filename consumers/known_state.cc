#include "consumers/known_state.h"

#include "events/codec.h"
#include "events/errors.h"
#include "ordersaga/order/v1/commands.pb.h"

namespace ordersaga::consumers {
namespace {

using events::RecordedEvent;
using sagas::Input;
using sagas::Needs;
using sagas::OrderCase;

bool places_order(const Input& input) {
  const auto* command = std::get_if<sagas::CommandInput>(&input);
  return command != nullptr && command->message != nullptr && command->message->GetDescriptor() == order::v1::PlaceOrder::descriptor();
}

// Nothing will happen to it by itself any more.
bool has_ended(const OrderCase& c) {
  if (c.order.version.value == 0) return true;  // it never came to be
  for (const auto& saga : c.sagas)
    if (saga.state.phase != sagas::Phase::none && !is_over(saga.state.phase)) return false;
  return true;
}

// Of the allocator, for each piece; and of a map, for each entry.
constexpr std::size_t kPiece = 16;
constexpr std::size_t kEntry = 64;
constexpr std::size_t kStockItemBytes = sizeof(std::string) + sizeof(sagas::StockItem) + kEntry;

// Beside the string itself.
std::size_t outside(const std::string& s) {
  return s.capacity() < sizeof(std::string) / 2 ? 0 : s.capacity() + kPiece;
}

template <class T>
std::size_t room(const std::vector<T>& v) {
  return v.capacity() == 0 ? 0 : v.capacity() * sizeof(T) + kPiece;
}

std::size_t outside(const aggregates::order::State& s) {
  std::size_t bytes = outside(s.order_number) + outside(s.currency_code) + outside(s.payment_token) + outside(s.country_code) +
                      s.shipping_address.bytes() + room(s.lines);
  for (const auto& line : s.lines) bytes += outside(line.sku);
  return bytes;
}

std::size_t outside(const aggregates::reservation::State& s) {
  std::size_t bytes = room(s.allocations) + room(s.shortfalls);
  for (const auto& held : s.allocations) bytes += outside(held.sku) + outside(held.location);
  for (const auto& missing : s.shortfalls) bytes += outside(missing.sku);
  return bytes;
}

std::size_t outside(const aggregates::payment::State& s) {
  std::size_t bytes = outside(s.currency_code) + outside(s.token) + outside(s.authorization) + outside(s.capture) + room(s.refunds);
  for (const std::string& refund : s.refunds) bytes += outside(refund);
  return bytes;
}

std::size_t outside(const aggregates::shipment::State& s) {
  return outside(s.booking_reference);
}

std::size_t outside(const sagas::SagaState& s) {
  return outside(s.code) + outside(s.message) + s.request.bytes() + s.origin.bytes() + s.reply.bytes();
}

}  // namespace

std::size_t bytes_of(const OrderCase& c) {
  // The key is held twice, and listed once.
  std::size_t bytes = sizeof(OrderCase) + 3 * kEntry + 3 * outside(c.order_id) + outside(c.order.state) + outside(c.reservation.state) +
                      room(c.payments) + room(c.shipments) + room(c.sagas);
  for (const auto& payment : c.payments) bytes += outside(payment.state);
  for (const auto& shipment : c.shipments) bytes += outside(shipment.state);
  for (const auto& saga : c.sagas) bytes += outside(saga.state);
  return bytes;
}

void KnownState::check(const events::TurnTransaction& transaction) {
  for (const events::ShardHead& head : transaction.heads()) {
    auto held = heads_.find(head.shard);
    if (held == heads_.end() || held->second.position != head.position || held->second.epoch != transaction.epoch()) forget(head.shard);
    log::v1::RecordMetadata last;
    if (!last.ParseFromString(head.metadata))
      throw events::BadData("the metadata of the last record of shard " + std::to_string(head.shard.value) + " cannot be read");
    set_.orders_numbered[head.shard] = last.orders_numbered();
    heads_[head.shard] = {transaction.epoch(), head.position};
  }
}

void KnownState::load(events::TurnTransaction& transaction, std::span<const Input> inputs, events::LockRows lock) {
  std::vector<std::string> streams;
  std::set<std::string> skus;
  std::set<std::string> placed;  // not held; mostly they are new, so only their first stream is looked for
  for (const Input& input : inputs) {
    Needs needs = sagas::needs_of(input);
    skus.insert(needs.skus.begin(), needs.skus.end());
    if (!needs.stock_item.empty() && set_.stock_items.try_emplace(needs.stock_item).second)
      streams.push_back(sagas::stock_stream(needs.stock_item));
    if (needs.order_id.empty()) continue;
    auto [at, is_new] = set_.cases.try_emplace(needs.order_id);
    if (!is_new) {
      ++hits_;
      continue;
    }
    ++misses_;
    at->second.order_id = needs.order_id;
    if (places_order(input)) {
      placed.insert(needs.order_id);
      streams.push_back(sagas::order_stream(needs.order_id));
    } else {
      for (std::string& s : sagas::streams_of_case(needs.order_id)) streams.push_back(std::move(s));
    }
  }
  load_streams(transaction, streams);
  std::vector<std::string> rest;
  for (const std::string& id : placed) {
    if (set_.cases.at(id).order.version.value == 0) continue;
    set_.cases.at(id) = OrderCase{};
    set_.cases.at(id).order_id = id;
    for (std::string& s : sagas::streams_of_case(id)) rest.push_back(std::move(s));
  }
  load_streams(transaction, rest);
  load_levels(transaction, skus, lock);
}

void KnownState::load_streams(events::TurnTransaction& transaction, const std::vector<std::string>& streams) {
  if (streams.empty()) return;
  google::protobuf::Arena arena;
  for (const RecordedEvent& record : transaction.read_streams(streams)) {
    std::optional<sagas::StreamName> name = sagas::parse_stream(record.stream);
    if (!name) throw events::BadData("a stream is called " + record.stream);
    const google::protobuf::Message& message = *events::decode(record, &arena);
    if (name->kind == sagas::StreamKind::stock) {
      auto item = set_.stock_items.find(std::string(name->key));
      aggregates::stock::Event event;
      if (item == set_.stock_items.end() || !aggregates::narrow(message, event)) continue;
      aggregates::stock::evolve(item->second.state, event);
      item->second.version = record.version;
      continue;
    }
    auto found = set_.cases.find(std::string(name->key));
    if (found == set_.cases.end()) continue;  // of an order whose id begins with another's
    if (!sagas::apply(found->second, *name, record.version, message, record.recorded_at))
      throw events::BadData("stream " + record.stream + " has a " + message.GetTypeName());
  }
}

void KnownState::load_levels(events::TurnTransaction& transaction, const std::set<std::string>& skus, events::LockRows lock) {
  set_.levels.clear();
  if (skus.empty()) return;
  std::vector<std::string> list(skus.begin(), skus.end());
  for (const events::StockLevel& level : transaction.read_levels(list, lock))
    set_.levels.add({level.sku, level.location, level.on_hand, level.reserved});
}

void KnownState::committed(Epoch epoch, std::span<const events::ShardPosition> heads, std::span<const Input> inputs) {
  for (const events::ShardPosition& head : heads) heads_[head.shard] = {epoch, head.position};
  for (const Input& input : inputs) {
    auto found = set_.cases.find(sagas::key_of(input));
    if (found == set_.cases.end()) continue;
    if (has_ended(found->second))
      drop(found->first);
    else
      weigh(found->second);
  }
  while (bytes() > max_bytes_ && !uses_.empty()) drop(uses_.front());
  while (bytes() > max_bytes_ && !set_.stock_items.empty()) set_.stock_items.erase(set_.stock_items.begin());
}

std::size_t KnownState::bytes() const {
  return bytes_ + set_.stock_items.size() * kStockItemBytes;
}

// As it is now; it was just needed.
void KnownState::weigh(const OrderCase& order_case) {
  auto [at, is_new] = weights_.try_emplace(order_case.order_id);
  if (is_new)
    at->second.use = uses_.insert(uses_.end(), at->first);
  else
    uses_.splice(uses_.end(), uses_, at->second.use);
  std::size_t bytes = bytes_of(order_case);
  bytes_ += bytes - at->second.bytes;
  at->second.bytes = bytes;
}

void KnownState::drop(std::string_view order_id) {
  auto at = weights_.find(order_id);
  auto order_case = set_.cases.find(order_id);
  if (order_case != set_.cases.end()) set_.cases.erase(order_case);
  if (at == weights_.end()) return;
  bytes_ -= at->second.bytes;
  uses_.erase(at->second.use);
  weights_.erase(at);
}

void KnownState::forget(std::span<const Input> inputs) {
  for (const Input& input : inputs) {
    drop(sagas::key_of(input));
    set_.stock_items.erase(std::string(sagas::key_of(input)));
  }
}

void KnownState::forget(Shard shard) {
  heads_.erase(shard);
  std::vector<std::string> ids;
  for (const auto& [id, order_case] : set_.cases)
    if (shard_of(id, shards_) == shard) ids.push_back(id);
  for (const std::string& id : ids) drop(id);
  std::erase_if(set_.stock_items, [&](const auto& s) { return shard_of(s.first, shards_) == shard; });
}

}  // namespace ordersaga::consumers
