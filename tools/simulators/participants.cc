#include "tools/simulators/participants.h"

#include "consumers/effects/carrier_client.h"
#include "consumers/effects/payment_gateway_client.h"
#include "consumers/effects/results.h"
#include "schemas/error_codes.h"

namespace ordersaga::simulators {

namespace effects = ordersaga::consumers;
using saga::v1::EffectRequest;
using saga::v1::EffectResult;
using std::chrono::milliseconds;

namespace {

payment_gateway::Kind gateway_kind(saga::v1::Operation operation) {
  switch (operation) {
    case saga::v1::OPERATION_CAPTURE_PAYMENT:
      return payment_gateway::Kind::capture;
    case saga::v1::OPERATION_VOID_PAYMENT:
      return payment_gateway::Kind::void_;
    case saga::v1::OPERATION_REFUND_PAYMENT:
      return payment_gateway::Kind::refund;
    default:
      return payment_gateway::Kind::authorization;
  }
}

carrier::Kind carrier_kind(saga::v1::Operation operation) {
  switch (operation) {
    case saga::v1::OPERATION_HAND_OVER_SHIPMENT:
      return carrier::Kind::handover;
    case saga::v1::OPERATION_CANCEL_SHIPMENT:
      return carrier::Kind::cancellation;
    default:
      return carrier::Kind::booking;
  }
}

// What no entry says: the words of an answer that is no operation.
template <class Answer>
void set_error(const Answer& answer, saga::v1::EffectOutcome outcome, std::string_view code, EffectResult& result) {
  effects::set_outcome(result, outcome, code, std::string(answer.code) + ": " + answer.message);
}

void settle(const payment_gateway::LedgerEntry& entry, EffectResult& result) {
  effects::payment_gateway::settle({entry.id, entry.amount.currency, entry.amount.minor, entry.code, entry.message}, result);
}

void settle(const carrier::LedgerEntry& entry, EffectResult& result) {
  if (entry.kind != carrier::Kind::booking || !entry.done())
    return effects::carrier::settle({entry.id, {}, {}, {}, entry.code, entry.message}, result);
  effects::carrier::settle(
      {entry.id, std::string(carrier::kCarrierName), entry.tracking_number, "http://carrier.invalid/v1/labels/" + entry.id, {}, {}},
      result);
}

// A query's answer must speak of the operation that was asked about.
template <class Entry, class Kind>
void settle_query(const Entry& entry, Kind queried, EffectResult& result) {
  if (entry.kind == queried) return settle(entry, result);
  effects::set_unreadable(result, "it speaks of another operation");
}

}  // namespace

TimedResult Participants::answer(const EffectRequest& request, Timestamp now) {
  TimedResult out{effects::result_for(request), {}};
  bool for_gateway = effects::payment_gateway::handles(request.operation());
  if (!for_gateway && !effects::carrier::handles(request.operation())) {
    effects::set_outcome(out.result, saga::v1::EFFECT_OUTCOME_FAILED, error::kInvalidArgument,
                         "nobody carries out operation " + std::to_string(request.operation()));
    return out;
  }
  out.after = for_gateway ? ask_gateway(request, now, out.result) : ask_carrier(request, now, out.result);
  milliseconds timeout(request.timeout_millis());
  if (timeout <= milliseconds::zero() || out.after < timeout) return out;
  out.after = timeout;
  out.result = effects::result_for(request);
  effects::set_failure(out.result, {runtime::http::Fate::unknown, {}, "no answer within " + std::to_string(timeout.count()) + " ms"},
                       nullptr);
  return out;
}

milliseconds Participants::ask_gateway(const EffectRequest& request, Timestamp now, EffectResult& result) {
  using payment_gateway::Verdict;
  if (request.operation() == saga::v1::OPERATION_QUERY_PAYMENT) {
    payment_gateway::Answer answer = gateway_.query(request.idempotency_key(), now);
    if (answer.entry)
      settle_query(*answer.entry, gateway_kind(request.queried()), result);
    else
      effects::set_outcome(result, saga::v1::EFFECT_OUTCOME_NOT_FOUND, {}, std::string(answer.code));
    return answer.delay;
  }
  payment_gateway::Call call;
  call.kind = gateway_kind(request.operation());
  call.key = request.idempotency_key();
  call.payment = request.subject_id();
  if (call.kind != payment_gateway::Kind::void_) call.amount = {request.amount().currency_code(), request.amount().amount_minor()};
  if (call.kind == payment_gateway::Kind::authorization) {
    call.token = request.payment_token();
  } else {
    call.reference = request.reference();
    call.target_key = request.target_key();
  }
  payment_gateway::Answer answer = gateway_.handle(call, now);
  switch (answer.verdict) {
    case Verdict::done:
    case Verdict::refused:
      settle(*answer.entry, result);
      break;
    case Verdict::invalid:
      set_error(answer, saga::v1::EFFECT_OUTCOME_FAILED, effects::payment_gateway::error_code(answer.code), result);
      break;
    case Verdict::unavailable:
      set_error(answer, saga::v1::EFFECT_OUTCOME_UNAVAILABLE, error::kDependencyUnavailable, result);
      break;
    case Verdict::error:
      set_error(answer, saga::v1::EFFECT_OUTCOME_UNKNOWN, error::kDependencyUnavailable, result);
      break;
    case Verdict::nothing:
      effects::set_outcome(result, saga::v1::EFFECT_OUTCOME_NOT_FOUND, {}, std::string(answer.code));
      break;
  }
  return answer.delay;
}

milliseconds Participants::ask_carrier(const EffectRequest& request, Timestamp now, EffectResult& result) {
  using carrier::Verdict;
  if (request.operation() == saga::v1::OPERATION_TRACK_SHIPMENT) {
    carrier::Tracked tracked = carrier_.track(request.reference().empty() ? request.subject_id() : request.reference(), now);
    if (!tracked.booking) {
      effects::set_outcome(result, saga::v1::EFFECT_OUTCOME_FAILED, error::kShipmentNotFound, "unknown_booking");
      return {};
    }
    result.set_outcome(saga::v1::EFFECT_OUTCOME_SUCCEEDED);
    result.set_tracking_status(effects::carrier::parse_tracking(carrier::name(tracked.status)));
    result.set_reference(tracked.booking->id);
    result.set_tracking_number(tracked.booking->tracking_number);
    return {};
  }
  if (request.operation() == saga::v1::OPERATION_QUERY_SHIPMENT) {
    carrier::Answer answer = carrier_.query(request.idempotency_key(), now);
    if (answer.entry)
      settle_query(*answer.entry, carrier_kind(request.queried()), result);
    else
      effects::set_outcome(result, saga::v1::EFFECT_OUTCOME_NOT_FOUND, {}, std::string(answer.code));
    return answer.delay;
  }
  carrier::Call call;
  call.kind = carrier_kind(request.operation());
  call.key = request.idempotency_key();
  call.shipment = request.subject_id();
  if (call.kind == carrier::Kind::booking) {
    call.postcode = request.destination().postcode();
    call.city = request.destination().city();
    call.parcels = request.lines_size();
  } else {
    call.reference = request.reference();
    call.target_key = request.target_key();
  }
  carrier::Answer answer = carrier_.handle(call, now);
  switch (answer.verdict) {
    case Verdict::done:
    case Verdict::refused:
      settle(*answer.entry, result);
      break;
    case Verdict::invalid:
      set_error(answer, saga::v1::EFFECT_OUTCOME_FAILED, effects::carrier::error_code(answer.code), result);
      break;
    case Verdict::unavailable:
      set_error(answer, saga::v1::EFFECT_OUTCOME_UNAVAILABLE, error::kDependencyUnavailable, result);
      break;
    case Verdict::nothing:
      effects::set_outcome(result, saga::v1::EFFECT_OUTCOME_NOT_FOUND, {}, std::string(answer.code));
      break;
  }
  return answer.delay;
}

}  // namespace ordersaga::simulators
