#include "sagas/desk.h"

#include <charconv>

namespace ordersaga::sagas {

namespace agg = aggregates;
namespace log = ordersaga::log::v1;
namespace order = ordersaga::order::v1;

namespace {

// ORD- and at least eight digits: unique over all shards without any of them asking another.
std::string order_number(std::int64_t nth, int shards, Shard shard) {
  std::string digits = std::to_string(nth * shards + shard.value);
  std::string number = "ORD-";
  if (digits.size() < 8) number.append(8 - digits.size(), '0');
  return number.append(digits);
}

// The n of "<order id>.<n>", or 0 when the id is not one of the order's.
int number_in(std::string_view id, std::string_view order_id) {
  if (id.size() < order_id.size() + 2 || !id.starts_with(order_id) || id[order_id.size()] != '.') return 0;
  int n = 0;
  const char* last = id.data() + id.size();
  auto [end, error] = std::from_chars(id.data() + order_id.size() + 1, last, n);
  return error == std::errc() && end == last ? n : 0;
}

std::string_view id_in(const agg::payment::Command& command) {
  return std::visit([](const auto* m) -> std::string_view { return m->payment_id(); }, command);
}
std::string_view id_in(const agg::shipment::Command& command) {
  return std::visit([](const auto* m) -> std::string_view { return m->shipment_id(); }, command);
}

// The payment or shipment that a command is about; it may be the next new one. Null: the order has none of that id.
template <class State, class Command>
Versioned<State>* find_child(std::vector<Versioned<State>>& all, const Command& command, std::string_view order_id, std::string& id) {
  id = std::string(id_in(command));
  if (id.empty()) id = std::string(order_id) + ".1";
  int n = number_in(id, order_id);
  if (n < 1 || static_cast<std::size_t>(n) > all.size() + 1) return nullptr;
  if (static_cast<std::size_t>(n) > all.size()) all.emplace_back();
  return &all[static_cast<std::size_t>(n) - 1];
}

template <class State, class Event>
struct Outcome {
  Versioned<State>* target = nullptr;
  agg::Events<Event> events;
};

template <class State, class Event>
Outcome<State, Event> outcome(Versioned<State>* target, agg::Decision<Event>&& decision, std::optional<agg::Rejection>& no) {
  if (auto* rejection = std::get_if<agg::Rejection>(&decision)) {
    no = std::move(*rejection);
    return {};
  }
  return {target, std::get<agg::Events<Event>>(decision)};
}

}  // namespace

// What one command led to, not yet applied.
struct Desk::Decided {
  std::variant<std::monostate, Outcome<agg::order::State, agg::order::Event>, Outcome<agg::reservation::State, agg::reservation::Event>,
               Outcome<agg::payment::State, agg::payment::Event>, Outcome<agg::shipment::State, agg::shipment::Event>,
               Outcome<agg::stock::State, agg::stock::Event>>
      outcome;
  std::string stream;
};

Desk::Desk(WorkingSet& known, int shards, const Context& context, TurnResult& result)
    : known_(known), shards_(shards), context_(context), result_(result) {}

std::size_t Desk::write_input(std::string_view key, const log::InputRecord& record, const log::RecordMetadata& metadata) {
  auto& with_key = *agg::make<log::RecordMetadata>(context_);
  with_key = metadata;
  with_key.set_key(std::string(key));
  result_.records.push_back({shard_of(key, shards_), {}, Version(0), &record, &with_key});
  return result_.records.size() - 1;
}

void Desk::open(std::string_view key, log::RecordMetadata& metadata, const v1::SagaOrigin& origin) {
  key_ = std::string(key);
  shard_ = shard_of(key_, shards_);
  metadata_ = &metadata;
  origin_ = origin;
  auto found = known_.cases.find(key_);
  case_ = found == known_.cases.end() ? nullptr : &found->second;
}

void Desk::open_for_saga(std::string order_id, int definition, std::string cause) {
  auto& metadata = *agg::make<log::RecordMetadata>(context_);
  open(order_id, metadata, {});
  if (case_ == nullptr || saga_of(*case_, definition).state.phase == Phase::none)
    throw BrokenInvariant("order " + order_id + " has no saga " + std::string(sagas::definition(definition).name));
  origin_ = saga_of(*case_, definition).state.origin;
  metadata.set_causation_id(std::move(cause));
  metadata.set_correlation_id(origin_.correlation_id());
  metadata.set_traceparent(origin_.traceparent());
  metadata.set_actor("saga:" + std::string(sagas::definition(definition).name));
}

void Desk::close() {
  case_ = nullptr;
  metadata_ = nullptr;
  happened_.clear();
}

std::optional<agg::Rejection> Desk::decide(std::span<const Message* const> commands) {
  std::vector<Decided> all;
  all.reserve(commands.size());
  for (const Message* command : commands) {
    std::optional<agg::Rejection> no;
    all.push_back(decide_one(*command, no));
    if (no) return no;
  }
  for (const Decided& decided : all) apply(decided);
  return std::nullopt;
}

Desk::Decided Desk::decide_one(const Message& command, std::optional<agg::Rejection>& no) {
  Decided out;
  agg::stock::Command for_stock;
  if (agg::narrow(command, for_stock)) {
    StockItem& item = known_.stock_items[key_];
    out.stream = stock_stream(key_);
    out.outcome = outcome(&item, agg::stock::decide(for_stock, item.state, context_), no);
    return out;
  }
  if (case_ == nullptr) throw BrokenInvariant("order " + key_ + " was not loaded");
  agg::order::Command for_order;
  if (agg::narrow(command, for_order)) {
    agg::order::Facts facts{.order_number = {}, .levels = &known_.levels};
    if (std::holds_alternative<const order::PlaceOrder*>(for_order))
      facts.order_number = order_number(known_.orders_numbered[shard_] + 1, shards_, shard_);
    out.stream = order_stream(key_);
    out.outcome = outcome(&case_->order, agg::order::decide(for_order, case_->order.state, facts, context_), no);
    return out;
  }
  agg::reservation::Command for_reservation;
  if (agg::narrow(command, for_reservation)) {
    out.stream = reservation_stream(key_);
    out.outcome =
        outcome(&case_->reservation, agg::reservation::decide(for_reservation, case_->reservation.state, known_.levels, context_), no);
    return out;
  }
  std::string id;
  agg::payment::Command for_payment;
  if (agg::narrow(command, for_payment)) {
    auto* payment = find_child(case_->payments, for_payment, key_, id);
    out.stream = payment_stream(id);
    if (payment == nullptr)
      no = agg::Rejection{std::string(error::kPaymentNotFound), "the order has no payment of this id", {}};
    else
      out.outcome = outcome(payment, agg::payment::decide(for_payment, payment->state, context_), no);
    return out;
  }
  agg::shipment::Command for_shipment;
  if (!agg::narrow(command, for_shipment)) throw BrokenInvariant("no aggregate decides " + command.GetTypeName());
  auto* shipment = find_child(case_->shipments, for_shipment, key_, id);
  out.stream = shipment_stream(id);
  if (shipment == nullptr)
    no = agg::Rejection{std::string(error::kShipmentNotFound), "the order has no shipment of this id", {}};
  else
    out.outcome = outcome(shipment, agg::shipment::decide(for_shipment, shipment->state, context_), no);
  return out;
}

void Desk::apply(const Decided& decided) {
  std::visit(agg::Overloaded{[](std::monostate) {},
                             [&](const auto& outcome) {
                               for (const auto& event : outcome.events) {
                                 const Message& message = agg::message_of(event);
                                 evolve(outcome.target->state, event);
                                 outcome.target->version = outcome.target->version.next();
                                 write(decided.stream, outcome.target->version, message);
                                 change_levels(message);
                                 if (message.GetDescriptor() == order::OrderPlaced::descriptor()) ++known_.orders_numbered[shard_];
                                 happened_.push_back(message.GetDescriptor());
                               }
                             }},
             decided.outcome);
}

void Desk::write(std::string stream, Version version, const Message& payload) {
  result_.records.push_back({shard_, std::move(stream), version, &payload, metadata_});
}

void Desk::change_levels(const Message& event) {
  if (event.GetDescriptor()->file() != ordersaga::inventory::v1::StockReserved::descriptor()->file()) return;
  bool create = event.GetDescriptor() == ordersaga::inventory::v1::StockReceived::descriptor();
  for (const agg::stock::Delta& delta : agg::stock::deltas(event)) {
    // What was not loaded is not shown to later decisions either: they would take a part for the whole.
    if (known_.levels.find(delta.sku) != nullptr || create) known_.levels.add(delta);
    auto [at, is_new] = stock_index_.try_emplace(delta.sku + '\n' + delta.location, result_.stock.size());
    if (is_new) result_.stock.push_back({delta.sku, delta.location, 0, 0, false});
    NetDelta& net = result_.stock[at->second];
    net.on_hand += delta.on_hand;
    net.reserved += delta.reserved;
    net.create = net.create || create;
  }
}

void Desk::settle() {
  while (!happened_.empty()) {
    const google::protobuf::Descriptor* event = happened_.front();
    happened_.pop_front();
    if (case_ == nullptr) continue;
    start_sagas(event);
    for (std::size_t i = 0; i < case_->sagas.size(); ++i) {
      const SagaState& saga = case_->sagas[i].state;
      if (saga.phase == Phase::forward && saga.waiting == Waiting::event) advance(static_cast<int>(i), Happened{});
    }
  }
}

void Desk::start_sagas(const google::protobuf::Descriptor* event) {
  for (std::size_t i = 0; i < definitions().size(); ++i) {
    const Definition& d = *definitions()[i];
    int index = static_cast<int>(i);
    if (d.started_by() != event || saga_of(*case_, index).state.phase != Phase::none) continue;
    advance(index, Begin{});
  }
}

bool Desk::advance(int index, const Stimulus& stimulus) {
  const Definition& d = definition(index);
  Versioned<SagaState>& saga = saga_of(*case_, index);
  auto& record = *agg::make<v1::SagaAdvanced>(context_);
  record.set_definition(std::string(d.name));
  record.set_definition_version(d.version);
  record.set_order_id(key_);
  if (saga.state.phase == Phase::none) {
    saga.state.definition = index;
    saga.state.definition_version = d.version;
    saga.state.order_id = key_;
    *record.mutable_origin() = origin_;
    // A saga that another one started answers nobody.
    if (d.started_by() != order::OrderPlaced::descriptor()) {
      record.mutable_origin()->clear_command_id();
      record.mutable_origin()->clear_reply();
    }
    saga.state.origin = record.origin();
  }
  if (!react(d, saga.state, *case_, stimulus, context_, *this, record)) return false;
  saga.version = saga.version.next();
  write(saga_stream(d.name, key_), saga.version, record);
  if (record.has_request()) result_.effects.push_back(&record.request());
  note_wakeup(index);
  return true;
}

void Desk::name_result(log::InputRecord& record) const {
  for (std::size_t i = result_.records.size(); i-- > 0;) {
    const TurnRecord& r = result_.records[i];
    if (r.payload == &record) return;  // accepted, and nothing happened
    if (r.stream.empty()) continue;
    record.set_stream(r.stream);
    record.set_version(r.version.value);
    return;
  }
}

void Desk::note_wakeup(int index) {
  const SagaState& saga = saga_of(*case_, index).state;
  NextWakeup next{.shard = shard_,
                  .saga = saga_stream(definition(index).name, key_),
                  .over = is_over(saga.phase) || waits_for_operator(saga.phase),
                  .at = saga.wake_at,
                  .effect_outstanding = saga.waiting == Waiting::effect || saga.waiting == Waiting::query};
  auto [at, is_new] = wakeup_index_.try_emplace(next.saga, result_.wakeups.size());
  if (is_new)
    result_.wakeups.push_back(std::move(next));
  else
    result_.wakeups[at->second] = std::move(next);
}

void Desk::send_again(int index) {
  const SagaState& saga = saga_of(*case_, index).state;
  if (saga.waiting != Waiting::effect && saga.waiting != Waiting::query) return;
  auto& request = *agg::make<v1::EffectRequest>(context_);
  request = saga.request;
  result_.effects.push_back(&request);
}

}  // namespace ordersaga::sagas
