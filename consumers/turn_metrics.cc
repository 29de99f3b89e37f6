#include "consumers/turn_metrics.h"

#include <functional>
#include <utility>

#include "consumers/orchestrator.h"
#include "ordersaga/order/v1/events.pb.h"
#include "sagas/definition.h"
#include "sagas/order_case.h"
#include "schemas/streams.h"

namespace ordersaga::consumers {
namespace {

namespace saga_v1 = ordersaga::saga::v1;
namespace common_v1 = ordersaga::common::v1;

constexpr std::string_view kOther = "OTHER";

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// "OUTCOME_ACCEPTED" is "accepted".
std::string label_of(common_v1::Outcome outcome) {
  constexpr std::string_view prefix = "OUTCOME_";
  return lower(common_v1::Outcome_Name(outcome).substr(prefix.size()));
}

// From a millisecond to days: steps wait for machines and for people.
const std::vector<double>& step_bounds() {
  static const std::vector<double> bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,    0.25,   0.5,     1.0,
                                          2.5,   5.0,    10.0,  30.0, 60.0,  300,  1800.0, 7200.0, 86400.0, 604800.0};
  return bounds;
}

}  // namespace

TurnMetrics::ByCode::ByCode(runtime::Metrics& metrics, std::string name, std::string help, std::string label, runtime::Metrics::Labels more)
    : metrics_(metrics), name_(std::move(name)), help_(std::move(help)), label_(std::move(label)), more_(std::move(more)) {}

std::size_t TurnMetrics::ByCode::index_of(std::string_view code) {
  const ErrorCode* entry = find_error_code(code);
  return entry == nullptr ? std::size(kErrorCodes) : static_cast<std::size_t>(entry - kErrorCodes);
}

void TurnMetrics::ByCode::count(std::size_t index) {
  prometheus::Counter*& counter = counters_.at(index);
  if (counter == nullptr) {
    runtime::Metrics::Labels labels = more_;
    labels[label_] = index < std::size(kErrorCodes) ? kErrorCodes[index].code : kOther;
    counter = &metrics_.counter(name_, help_, labels);
  }
  counter->Increment();
}

TurnMetrics::TurnMetrics(runtime::Metrics& metrics)
    : metrics_(metrics),
      events_{{order::v1::OrderPlaced::descriptor(), Event::placed},       {order::v1::OrderConfirmed::descriptor(), Event::confirmed},
              {order::v1::OrderCompleted::descriptor(), Event::fulfilled}, {order::v1::OrderCancelled::descriptor(), Event::cancelled},
              {order::v1::OrderRejected::descriptor(), Event::rejected},   {saga_v1::SagaAdvanced::descriptor(), Event::saga}},
      placed_(metrics.counter("orders_placed_total", "Orders placed.")),
      confirmed_(metrics.counter("orders_confirmed_total", "Orders confirmed.")),
      fulfilled_(metrics.counter("orders_fulfilled_total", "Orders completed.")),
      cancelled_(metrics, "orders_cancelled_total", "Confirmed orders cancelled.", "reason"),
      rejected_(metrics, "orders_rejected_total", "Orders placed and not confirmed.", "reason"),
      reservations_expired_(metrics.counter("reservations_expired_total", "Reservations that ran out before their order was confirmed.")),
      unfinished_(kPlaces),
      append_(metrics.histogram("event_append_duration_seconds", "Writing and committing a turn.", runtime::duration_bounds())),
      timers_late_(metrics.histogram("timers_due_late_seconds", "How long after it was due a saga's wake-up was found.",
                                     runtime::duration_bounds())),
      cache_hits_(metrics.counter("cache_requests_total", "Orders that a turn needed.", {{"cache", "orders"}, {"result", "hit"}})),
      cache_misses_(metrics.counter("cache_requests_total", "Orders that a turn needed.", {{"cache", "orders"}, {"result", "miss"}})) {
  for (const sagas::Definition* definition : sagas::definitions()) {
    std::vector<StepSeries>& steps = sagas_.emplace_back();
    for (const sagas::Step& step : definition->steps) {
      const runtime::Metrics::Labels labels{{"saga", std::string(definition->name)}, {"step", std::string(step.name)}};
      auto duration = [&](const char* outcome) -> prometheus::Histogram* {
        if (!sagas::waits(step.action)) return nullptr;
        runtime::Metrics::Labels all = labels;
        all["outcome"] = outcome;
        return &metrics.histogram("saga_step_duration_seconds", "From the first try of a step to its outcome.", step_bounds(), all);
      };
      steps.push_back(
          {duration("succeeded"), duration("failed"), ByCode(metrics, "saga_compensations_total", "Steps undone.", "reason", labels)});
    }
  }
}

void TurnMetrics::begin_turn() {
  noted_.clear();
  transitions_.clear();
}

void TurnMetrics::note(const sagas::TurnResult& part, const sagas::WorkingSet& known) {
  for (const sagas::TurnRecord& record : part.records) {
    auto found = events_.find(record.payload->GetDescriptor());
    if (found == events_.end()) continue;
    Noted noted{.event = found->second};
    switch (noted.event) {
      case Event::placed:
      case Event::fulfilled:
        break;
      case Event::confirmed:
        note_value(record.stream, known, noted);
        break;
      case Event::cancelled:
        noted.code = static_cast<std::uint16_t>(ByCode::index_of(static_cast<const order::v1::OrderCancelled&>(*record.payload).code()));
        break;
      case Event::rejected:
        noted.code = static_cast<std::uint16_t>(ByCode::index_of(static_cast<const order::v1::OrderRejected&>(*record.payload).code()));
        break;
      case Event::saga:
        if (!note_saga(record.stream, static_cast<const saga_v1::SagaAdvanced&>(*record.payload), noted)) continue;
        break;
    }
    noted_.push_back(noted);
  }
}

void TurnMetrics::note_value(std::string_view order_stream, const sagas::WorkingSet& known, Noted& noted) {
  key_.assign(stream_key(order_stream));
  auto order = known.cases.find(key_);
  if (order == known.cases.end()) return;
  const auto& placed = order->second.order.state;
  auto counter = value_.find(placed.currency_code);
  if (counter == value_.end()) {
    auto& made = metrics_.counter("order_value_minor_total", "Totals of the confirmed orders, in minor units.",
                                  {{"currency", placed.currency_code}});
    counter = value_.emplace(placed.currency_code, &made).first;
  }
  noted.value = counter->second;
  noted.amount = static_cast<double>(placed.total_minor);
}

bool TurnMetrics::note_saga(std::string_view stream, const saga_v1::SagaAdvanced& record, Noted& noted) {
  const std::optional<sagas::StreamName> name = sagas::parse_stream(stream);
  const std::optional<int> definition = name ? sagas::find_definition(name->definition) : std::nullopt;
  if (!definition) return false;
  noted.definition = static_cast<std::int16_t>(*definition);
  noted.saga = std::hash<std::string_view>()(stream);
  const std::size_t steps = sagas_[static_cast<std::size_t>(*definition)].size();
  for (const saga_v1::SagaTransition& t : record.transitions()) {
    if (static_cast<std::size_t>(t.step()) >= steps) continue;
    const bool is_reason = t.kind() == saga_v1::TRANSITION_KIND_COMPENSATING;
    transitions_.push_back({static_cast<std::int16_t>(t.step()), static_cast<std::uint16_t>(is_reason ? ByCode::index_of(t.code()) : 0),
                            t.kind(), t.attempt() <= 1});
    ++noted.transitions;
  }
  return true;
}

void TurnMetrics::committed(Timestamp now) {
  std::size_t next = 0;  // of transitions_
  for (const Noted& noted : noted_) {
    switch (noted.event) {
      case Event::placed:
        placed_.Increment();
        break;
      case Event::confirmed:
        confirmed_.Increment();
        if (noted.value != nullptr) noted.value->Increment(noted.amount);
        break;
      case Event::fulfilled:
        fulfilled_.Increment();
        break;
      case Event::cancelled:
        cancelled_.count(noted.code);
        break;
      case Event::rejected:
        rejected_.count(noted.code);
        break;
      case Event::saga:
        advance(noted, std::span(transitions_).subspan(next, noted.transitions), now);
        next += noted.transitions;
        break;
    }
  }
  begin_turn();
}

void TurnMetrics::step_over(prometheus::Histogram* outcome, Unfinished& saga, int step, Timestamp now) {
  if (outcome != nullptr && saga.step == step) outcome->Observe(seconds(now - saga.began));
  saga.step = -1;
}

void TurnMetrics::advance(const Noted& noted, std::span<const Transition> transitions, Timestamp now) {
  static const std::size_t kRanOut = ByCode::index_of(error::kReservationExpired);
  std::vector<StepSeries>& steps = sagas_[static_cast<std::size_t>(noted.definition)];
  Unfinished& place = unfinished_[noted.saga % kPlaces];
  Unfinished saga = place.saga == noted.saga ? place : Unfinished{.saga = noted.saga};
  for (const Transition& t : transitions) {
    StepSeries& step = steps[static_cast<std::size_t>(t.step)];
    switch (t.kind) {
      case saga_v1::TRANSITION_KIND_STEP_STARTED:
        if (t.is_first_try) saga.step = t.step, saga.began = now;
        break;
      case saga_v1::TRANSITION_KIND_STEP_SUCCEEDED:
        step_over(step.succeeded, saga, t.step, now);
        break;
      case saga_v1::TRANSITION_KIND_STEP_FAILED:
        step_over(step.failed, saga, t.step, now);
        break;
      case saga_v1::TRANSITION_KIND_COMPENSATING:
        saga.reason = t.code;
        // No event says so: a reservation that ran out is found when it is to be committed, and then given back.
        if (t.code == kRanOut) reservations_expired_.Increment();
        break;
      case saga_v1::TRANSITION_KIND_STEP_COMPENSATED:
        step.compensations.count(saga.reason);
        break;
      default:
        break;
    }
  }
  // What is in the middle of nothing leaves the place to whom it belongs.
  if (saga.step >= 0 || saga.reason < std::size(kErrorCodes) || place.saga == noted.saga) place = saga;
}

void TurnMetrics::decided(const ordersaga::log::v1::InputRecord& command, Duration took) {
  const std::string_view type = command.type();  // one of ours: what names another never gets into a turn
  auto found = commands_.find(type);
  if (found == commands_.end()) found = commands_.emplace(std::string(type), ByOutcome{}).first;
  prometheus::Histogram*& duration = found->second.at(static_cast<std::size_t>(command.outcome()));
  if (duration == nullptr)
    duration = &metrics_.histogram("command_duration_seconds", "From Kafka's having a command to the commit of its decision.",
                                   runtime::duration_bounds(),
                                   {{"command", std::string(type.substr(type.rfind('.') + 1))}, {"outcome", label_of(command.outcome())}});
  duration->Observe(seconds(took));
}

void TurnMetrics::conflicted(std::string_view stream) {
  const std::string_view kind = stream.empty() ? "unknown" : stream.substr(0, stream.find('-'));
  auto found = conflicts_.find(kind);
  if (found == conflicts_.end())
    found = conflicts_
                .emplace(std::string(kind),
                         &metrics_.counter("event_append_conflicts_total", "Streams that were not where a turn expected them.",
                                           {{"aggregate", std::string(kind)}}))
                .first;
  found->second->Increment();
}

void TurnMetrics::dead_letter(std::string_view topic, std::string_view code) {
  auto found = dead_letters_.find(topic);
  if (found == dead_letters_.end())
    found = dead_letters_
                .emplace(std::string(topic), ByCode(metrics_, "dlq_messages_total", "Records put with the dead letters.", "code",
                                                    {{"topic", std::string(topic)}, {"group", std::string(kOrchestratorGroup)}}))
                .first;
  found->second.count(code);
}

void TurnMetrics::cached(std::uint64_t hits, std::uint64_t misses) {
  cache_hits_.Increment(static_cast<double>(hits - std::exchange(hits_, hits)));
  cache_misses_.Increment(static_cast<double>(misses - std::exchange(misses_, misses)));
}

}  // namespace ordersaga::consumers
