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

}  // namespace

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
    auto found = set_.cases.find(std::string(sagas::key_of(input)));
    if (found != set_.cases.end() && has_ended(found->second)) set_.cases.erase(found);
  }
  while (set_.cases.size() > max_cases_) set_.cases.erase(set_.cases.begin());
}

void KnownState::forget(std::span<const Input> inputs) {
  for (const Input& input : inputs) {
    set_.cases.erase(std::string(sagas::key_of(input)));
    set_.stock_items.erase(std::string(sagas::key_of(input)));
  }
}

void KnownState::forget(Shard shard) {
  heads_.erase(shard);
  std::erase_if(set_.cases, [&](const auto& c) { return shard_of(c.first, shards_) == shard; });
  std::erase_if(set_.stock_items, [&](const auto& s) { return shard_of(s.first, shards_) == shard; });
}

}  // namespace ordersaga::consumers
