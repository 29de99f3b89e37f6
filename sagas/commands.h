// Commands and requests that several definitions make in the same way. Header-only, so that definitions stay constants.
#pragma once

#include "sagas/order_case.h"
#include "sagas/step.h"

namespace ordersaga::sagas::commands {

namespace order = ordersaga::order::v1;
namespace inventory = ordersaga::inventory::v1;
namespace payment = ordersaga::payment::v1;
namespace shipment = ordersaga::shipment::v1;

// A command that says nothing but its name. Which order, and which of its payments and parcels, needs no saying inside of a
// turn, which is about one order at a time: no id means the first.
template <class C>
Message* plain(const OrderCase&, const Context& context) {
  return aggregates::make<C>(context);
}

// This slice pays an order by one payment and sends it in one parcel.
inline std::string first_payment(const OrderCase& c) {
  return c.order_id + ".1";
}
inline std::string first_shipment(const OrderCase& c) {
  return c.order_id + ".1";
}

inline const aggregates::payment::State& payment_state(const OrderCase& c) {
  static const aggregates::payment::State none;
  return c.payments.empty() ? none : c.payments.front().state;
}
inline const aggregates::shipment::State& shipment_state(const OrderCase& c) {
  static const aggregates::shipment::State none;
  return c.shipments.empty() ? none : c.shipments.front().state;
}

inline Message* release_stock(const OrderCase&, const Context& context) {
  auto* command = aggregates::make<inventory::ReleaseStock>(context);
  command->set_reason("undone");
  return command;
}

// What all requests about the payment say.
inline void fill_payment(const OrderCase& c, v1::EffectRequest& request) {
  const aggregates::payment::State& p = payment_state(c);
  request.set_reference(p.authorization);
  request.mutable_amount()->set_currency_code(p.currency_code);
  request.mutable_amount()->set_amount_minor(p.requested);
}

template <payment::PaymentOperation Op, payment::PaymentResult Result>
Message* record_payment(const OrderCase&, const v1::EffectResult& result, const Context& context) {
  auto* command = aggregates::make<payment::RecordPaymentResult>(context);
  command->set_operation(Op);
  command->set_result(Result);
  command->set_reference(result.reference());
  if (result.has_amount()) *command->mutable_amount() = result.amount();
  command->set_code(result.code());
  command->set_message(result.message());
  return command;
}

// A call about the payment. What it acts on, how it is recorded and how its outcome is asked for follow from `Op`.
template <payment::PaymentOperation Op>
constexpr Action payment_call(v1::Operation operation, Applies applies, MakeCommand opening = nullptr, FillRequest fill = fill_payment) {
  Action a;
  a.participant = Participant::effect;
  a.commands = {opening};
  a.operation = operation;
  a.fill = fill;
  a.record = {record_payment<Op, payment::PAYMENT_RESULT_DONE>};
  a.record_failure = record_payment<Op, payment::PAYMENT_RESULT_REFUSED>;
  a.record_unknown = record_payment<Op, payment::PAYMENT_RESULT_UNKNOWN>;
  a.query = v1::OPERATION_QUERY_PAYMENT;
  a.applies = applies;
  return a;
}

// Voids what was authorized, or what may have been.
inline bool may_be_authorized(const OrderCase& c) {
  auto status = payment_state(c).status;
  return status == aggregates::payment::Status::authorized || status == aggregates::payment::Status::requested;
}
inline constexpr Action kVoidAuthorization = payment_call<payment::PAYMENT_OPERATION_VOID>(v1::OPERATION_VOID_PAYMENT, may_be_authorized);

constexpr Action local(MakeCommand first, MakeCommand second = nullptr) {
  Action a;
  a.participant = Participant::local;
  a.commands = {first, second};
  return a;
}

}  // namespace ordersaga::sagas::commands
