#include "sagas/desk.h"

#include <array>
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
Versioned<State>* find_child(std::vector<Versioned<State>>& all, const Command& command, std::string_view order_id, int& number) {
  std::string_view id = id_in(command);
  number = id.empty() ? 1 : number_in(id, order_id);
  auto n = static_cast<std::size_t>(number);
  if (number < 1 || n > all.size() + 1) return nullptr;
  if (n > all.size()) all.emplace_back();
  return &all[n - 1];
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

// The types of the events that start sagas, in the order of definitions().
const std::vector<const google::protobuf::Descriptor*>& starting_events() {
  static const auto types = [] {
    std::vector<const google::protobuf::Descriptor*> all;
    for (const Definition* d : definitions()) all.push_back(d->started_by());
    return all;
  }();
  return types;
}

// Whether events of this kind change stock levels.
template <class Event>
constexpr bool kChangesLevels = std::is_same_v<Event, agg::reservation::Event> || std::is_same_v<Event, agg::stock::Event>;

}  // namespace

// What one command led to, not yet applied.
struct Desk::Decided {
  std::variant<std::monostate, Outcome<agg::order::State, agg::order::Event>, Outcome<agg::reservation::State, agg::reservation::Event>,
               Outcome<agg::payment::State, agg::payment::Event>, Outcome<agg::shipment::State, agg::shipment::Event>,
               Outcome<agg::stock::State, agg::stock::Event>>
      outcome;
  StreamName stream{};
};

Desk::Desk(WorkingSet& known, int shards, const Context& context, TurnResult& result)
    : known_(known), shards_(shards), context_(context), result_(result), wakeup_index_(&memory_), stock_index_(&memory_) {}

std::size_t Desk::write_input(std::string_view key, const log::InputRecord& record, const log::RecordMetadata& metadata) {
  auto& with_key = *agg::make<log::RecordMetadata>(context_);
  with_key = metadata;
  with_key.set_key(std::string(key));
  result_.records.push_back({shard_of(key, shards_), {}, Version(0), &record, &with_key});
  return result_.records.size() - 1;
}

void Desk::open(std::string_view key, const log::RecordMetadata& metadata, const v1::SagaOrigin& origin) {
  key_ = key;
  shard_ = shard_of(key_, shards_);
  metadata_ = &metadata;
  origin_ = &origin;
  auto found = known_.cases.find(key_);
  case_ = found == known_.cases.end() ? nullptr : &found->second;
}

void Desk::open_for_saga(std::string_view order_id, int definition, const log::SagaCause& cause) {
  auto& metadata = *agg::make<log::RecordMetadata>(context_);
  auto& origin = *agg::make<v1::SagaOrigin>(context_);
  open(order_id, metadata, origin);
  if (case_ == nullptr || saga_of(*case_, definition).state.phase == Phase::none)
    throw BrokenInvariant("order " + std::string(order_id) + " has no saga " + std::string(sagas::definition(definition).name));
  saga_of(*case_, definition).state.origin.unpack(origin);
  *metadata.mutable_saga() = cause;
  *metadata.mutable_correlation() = origin.has_correlation() ? origin.correlation() : origin.command();
  if (!origin.traceparent().empty()) metadata.set_traceparent(origin.traceparent());
}

void Desk::close() {
  case_ = nullptr;
  metadata_ = nullptr;
  origin_ = nullptr;
  happened_.clear();
  next_ = 0;
}

std::optional<agg::Rejection> Desk::decide(std::span<const Message* const> commands) {
  std::array<Decided, kMaxCommands> all;
  if (commands.size() > all.size()) throw std::length_error("more than kMaxCommands commands at a time");
  for (std::size_t i = 0; i < commands.size(); ++i) {
    std::optional<agg::Rejection> no;
    all[i] = decide_one(*commands[i], no);
    if (no) return no;
  }
  for (std::size_t i = 0; i < commands.size(); ++i) apply(all[i]);
  return std::nullopt;
}

Desk::Decided Desk::decide_one(const Message& command, std::optional<agg::Rejection>& no) {
  const EventType type = command.GetDescriptor();
  agg::stock::Command for_stock;
  if (agg::narrow(command, type, for_stock)) {
    StockItem& item = known_.stock_items.try_emplace(std::string(key_)).first->second;
    return {outcome(&item, agg::stock::decide(for_stock, item.state, context_), no), stream(StreamKind::stock)};
  }
  if (case_ == nullptr) throw BrokenInvariant("order " + std::string(key_) + " was not loaded");
  agg::order::Command for_order;
  if (agg::narrow(command, type, for_order)) {
    agg::order::Facts facts{.order_number = {}, .levels = &known_.levels};
    if (std::holds_alternative<const order::PlaceOrder*>(for_order))
      facts.order_number = order_number(known_.orders_numbered[shard_] + 1, shards_, shard_);
    return {outcome(&case_->order, agg::order::decide(for_order, case_->order.state, facts, context_), no), stream(StreamKind::order)};
  }
  agg::reservation::Command for_reservation;
  if (agg::narrow(command, type, for_reservation))
    return {outcome(&case_->reservation, agg::reservation::decide(for_reservation, case_->reservation.state, known_.levels, context_), no),
            stream(StreamKind::reservation)};
  int number = 0;
  agg::payment::Command for_payment;
  if (agg::narrow(command, type, for_payment)) {
    auto* payment = find_child(case_->payments, for_payment, key_, number);
    if (payment != nullptr)
      return {outcome(payment, agg::payment::decide(for_payment, payment->state, context_), no), stream(StreamKind::payment, number)};
    no = agg::Rejection{std::string(error::kPaymentNotFound), "the order has no payment of this id", {}};
    return {};
  }
  agg::shipment::Command for_shipment;
  if (!agg::narrow(command, type, for_shipment)) throw BrokenInvariant("no aggregate decides " + command.GetTypeName());
  auto* shipment = find_child(case_->shipments, for_shipment, key_, number);
  if (shipment != nullptr)
    return {outcome(shipment, agg::shipment::decide(for_shipment, shipment->state, context_), no), stream(StreamKind::shipment, number)};
  no = agg::Rejection{std::string(error::kShipmentNotFound), "the order has no shipment of this id", {}};
  return {};
}

void Desk::apply(const Decided& decided) {
  std::visit(
      agg::Overloaded{[](std::monostate) {}, [&](const auto& outcome) { apply_events(decided.stream, *outcome.target, outcome.events); }},
      decided.outcome);
}

template <class State, class Event>
void Desk::apply_events(const StreamName& stream, Versioned<State>& target, const agg::Events<Event>& events) {
  for (const Event& event : events) {
    evolve(target.state, event);
    target.version = target.version.next();
    const Message& message = agg::message_of(event);
    write(stream, target.version, message);
    if constexpr (kChangesLevels<Event>) change_levels(message);
    const EventType type = agg::type_of(event);
    if (type == agg::type_of<order::OrderPlaced>()) ++known_.orders_numbered[shard_];
    happened_.push_back(type);
  }
}

void Desk::write(const StreamName& stream, Version version, const Message& payload) {
  result_.records.push_back({shard_, stream_text(stream, *context_.arena), version, &payload, metadata_});
}

void Desk::change_levels(const Message& event) {
  bool create = event.GetDescriptor() == agg::type_of<ordersaga::inventory::v1::StockReceived>();
  for (const agg::stock::Delta& delta : agg::stock::deltas(event)) {
    // What was not loaded is not shown to later decisions either: they would take a part for the whole.
    if (known_.levels.find(delta.sku) != nullptr || create) known_.levels.add(delta);
    auto [at, is_new] = stock_index_.try_emplace({delta.sku, delta.location}, result_.stock.size());
    if (is_new) result_.stock.push_back({delta.sku, delta.location, 0, 0, false});
    NetDelta& net = result_.stock[at->second];
    net.on_hand += delta.on_hand;
    net.reserved += delta.reserved;
    net.create = net.create || create;
  }
}

void Desk::settle() {
  while (next_ < happened_.size()) {
    const EventType event = happened_[next_++];
    if (case_ == nullptr) continue;
    start_sagas(event);
    for (std::size_t i = 0; i < case_->sagas.size(); ++i) {
      const SagaState& saga = case_->sagas[i].state;
      if (saga.phase == Phase::forward && saga.waiting == Waiting::event) advance(static_cast<int>(i), Happened{});
    }
  }
}

void Desk::start_sagas(EventType event) {
  const auto& starts = starting_events();
  for (std::size_t i = 0; i < starts.size(); ++i) {
    int index = static_cast<int>(i);
    if (starts[i] != event || saga_of(*case_, index).state.phase != Phase::none) continue;
    advance(index, Begin{});
  }
}

StreamName Desk::saga_stream_of(int index) const {
  return {.kind = StreamKind::saga, .key = key_, .number = 0, .definition = definition(index).name};
}

// What the record says before the saga moves, and the state knows of itself.
void Desk::begin_record(int index, SagaState& saga, v1::SagaAdvanced& record) const {
  const Definition& d = definition(index);
  record.set_definition_version(d.version);
  if (saga.phase != Phase::none) return;
  saga.definition = index;
  saga.definition_version = d.version;
  v1::SagaOrigin& origin = *record.mutable_origin();
  origin = *origin_;
  // A saga that another one started answers nobody.
  if (starting_events()[static_cast<std::size_t>(index)] != agg::type_of<order::OrderPlaced>()) {
    if (!origin.has_correlation() && origin.has_command()) *origin.mutable_correlation() = origin.command();
    origin.clear_command();
    origin.clear_reply();
  }
  saga.origin = Packed(origin);
}

bool Desk::advance(int index, const Stimulus& stimulus) {
  const Definition& d = definition(index);
  Versioned<SagaState>& saga = saga_of(*case_, index);
  auto& record = *agg::make<v1::SagaAdvanced>(context_);
  begin_record(index, saga.state, record);
  if (!react(d, saga.state, *case_, stimulus, context_, *this, record)) return false;
  saga.version = saga.version.next();
  write(saga_stream_of(index), saga.version, record);
  if (record.has_request()) result_.effects.push_back(recorded_call(d, saga.state, *case_, record.request(), context_));
  note_wakeup(index);
  return true;
}

void Desk::name_result(log::InputRecord& record) const {
  for (std::size_t i = result_.records.size(); i-- > 0;) {
    const TurnRecord& r = result_.records[i];
    if (r.payload == &record) return;  // accepted, and nothing happened
    if (r.stream.empty()) continue;
    record.set_stream(std::string(r.stream));
    record.set_version(r.version.value);
    return;
  }
}

void Desk::note_wakeup(int index) {
  const SagaState& saga = saga_of(*case_, index).state;
  auto [at, is_new] = wakeup_index_.try_emplace(&saga, result_.wakeups.size());
  if (is_new) result_.wakeups.push_back({.shard = shard_, .saga = stream_text(saga_stream_of(index), *context_.arena)});
  NextWakeup& next = result_.wakeups[at->second];
  next.over = is_over(saga.phase) || waits_for_operator(saga.phase);
  next.at = saga.wake_at;
  next.effect_outstanding = waits_for_answer(saga);
}

void Desk::send_again(int index) {
  if (v1::EffectRequest* call = outstanding_call(definition(index), saga_of(*case_, index).state, *case_, context_))
    result_.effects.push_back(call);
}

}  // namespace ordersaga::sagas
