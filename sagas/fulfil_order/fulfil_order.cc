#include "sagas/fulfil_order/fulfil_order.h"

#include "sagas/commands.h"
#include "sagas/engine.h"

namespace ordersaga::sagas {
namespace {

using namespace std::chrono_literals;
using namespace commands;
using ShipmentStatus = aggregates::shipment::Status;

Message* confirm_cancel(const OrderCase& c, const Context& context) {
  auto* command = aggregates::make<order::ConfirmCancel>(context);
  const SagaState& saga = state_of(c, kFulfilOrder);
  command->set_code(saga.code);
  command->set_reason(saga.message);
  return command;
}

bool is_authorized(const OrderCase& c) {
  return payment_state(c).status == aggregates::payment::Status::authorized;
}
// Captured, or perhaps: when the gateway never said so, the refund names the capture by its key, and the gateway either
// gives the money back or bars a capture that is still on its way.
bool may_be_captured(const OrderCase& c) {
  const aggregates::payment::State& p = payment_state(c);
  return p.status == aggregates::payment::Status::captured || p.unknown == payment::PAYMENT_OPERATION_CAPTURE;
}

// A refund that was done proves a capture that nobody had confirmed.
Message* acknowledge_capture(const OrderCase& c, const v1::EffectResult& result, const Context& context) {
  if (payment_state(c).unknown != payment::PAYMENT_OPERATION_CAPTURE) return nullptr;
  auto* command = aggregates::make<payment::RecordPaymentResult>(context);
  command->set_operation(payment::PAYMENT_OPERATION_CAPTURE);
  command->set_result(payment::PAYMENT_RESULT_DONE);
  command->set_reference(idempotency_key(v1::OPERATION_CAPTURE_PAYMENT, first_payment(c)));
  *command->mutable_amount() = result.amount();
  return command;
}

constexpr Action refund() {
  Action a = payment_call<payment::PAYMENT_OPERATION_REFUND>(v1::OPERATION_REFUND_PAYMENT, may_be_captured);
  a.record = {acknowledge_capture, record_payment<payment::PAYMENT_OPERATION_REFUND, payment::PAYMENT_RESULT_DONE>};
  return a;
}

void fill_shipment(const OrderCase& c, v1::EffectRequest& request) {
  request.set_reference(shipment_state(c).booking_reference);
}

// What goes where.
template <class M>
void fill_parcel(const OrderCase& c, M& message) {
  c.order.state.shipping_address.unpack(*message.mutable_destination());
  for (const aggregates::order::Line& ordered : c.order.state.lines) {
    shipment::ShipmentLine* line = message.add_lines();
    line->set_sku(ordered.sku);
    line->set_quantity(ordered.quantity);
  }
}

void fill_booking(const OrderCase& c, v1::EffectRequest& request) {
  fill_shipment(c, request);
  fill_parcel(c, request);
}

Message* create_shipment(const OrderCase& c, const v1::EffectResult& result, const Context& context) {
  auto* command = aggregates::make<shipment::CreateShipment>(context);
  command->set_shipment_id(first_shipment(c));
  command->set_order_id(c.order_id);
  fill_parcel(c, *command);
  command->set_carrier(result.carrier());
  command->set_booking_reference(result.reference());
  command->set_tracking_number(result.tracking_number());
  command->set_label_url(result.label_url());
  return command;
}

Message* start_fulfilment(const OrderCase& c, const v1::EffectResult&, const Context& context) {
  return plain<order::StartFulfilment>(c, context);
}

Message* cancel_shipment(const OrderCase&, const v1::EffectResult&, const Context& context) {
  auto* command = aggregates::make<shipment::CancelShipment>(context);
  command->set_reason("undone");
  return command;
}

bool is_packed(const OrderCase& c) {
  return shipment_state(c).status == ShipmentStatus::packed;
}

Message* dispatch_shipment(const OrderCase&, const v1::EffectResult& result, const Context& context) {
  auto* command = aggregates::make<shipment::DispatchShipment>(context);
  command->set_reference(result.reference());
  return command;
}

Message* consume_reservation(const OrderCase& c, const v1::EffectResult&, const Context& context) {
  return plain<inventory::ConsumeReservation>(c, context);
}

Message* mark_shipped(const OrderCase& c, const v1::EffectResult&, const Context& context) {
  return plain<order::MarkOrderShipped>(c, context);
}

Message* record_tracking(const OrderCase&, const v1::EffectResult& result, const Context& context) {
  auto* command = aggregates::make<shipment::RecordTracking>(context);
  command->set_status(result.tracking_status());
  return command;
}

bool is_delivered(const OrderCase& c) {
  return shipment_state(c).status == ShipmentStatus::delivered;
}

std::optional<aggregates::Rejection> is_lost(const OrderCase& c) {
  if (shipment_state(c).status != ShipmentStatus::lost) return std::nullopt;
  return aggregates::Rejection{"SHIPMENT_LOST", "the carrier lost the parcel", {}};
}

constexpr Step kSteps[] = {
    // What place_order did and this saga has to undo.
    {.name = "OrderConfirmed", .kind = StepKind::compensatable, .compensation = local(confirm_cancel)},

    {.name = "StockCommitted", .kind = StepKind::compensatable, .compensation = local(release_stock)},

    {.name = "PaymentAuthorized",
     .kind = StepKind::compensatable,
     .compensation =
         [] {
           Action a = kVoidAuthorization;
           a.applies = is_authorized;
           return a;
         }(),
     .timeout = 15s},

    {.name = "CreateShipment",
     .kind = StepKind::compensatable,
     .action = {.participant = Participant::effect,
                .operation = v1::OPERATION_BOOK_SHIPMENT,
                .fill = fill_booking,
                .record = {create_shipment, start_fulfilment},
                .query = v1::OPERATION_QUERY_SHIPMENT},
     .compensation = {.participant = Participant::effect,
                      .operation = v1::OPERATION_CANCEL_SHIPMENT,
                      .fill = fill_shipment,
                      .record = {cancel_shipment}},
     .timeout = 30s,
     .retry = {.max_attempts = 8}},

    {.name = "PackShipment",
     .kind = StepKind::compensatable,
     .action = {.participant = Participant::event, .done = is_packed},
     .no_compensation_because = "the goods have not left: releasing the stock puts them back",
     .timeout = 48h,
     .on_exhausted = OnExhausted::park},

    {.name = "CapturePayment",
     .kind = StepKind::compensatable,
     .action = payment_call<payment::PAYMENT_OPERATION_CAPTURE>(v1::OPERATION_CAPTURE_PAYMENT, nullptr),
     .compensation = refund(),
     .timeout = 15s,
     .retry = {.max_attempts = 5},
     .unknown_code = "PAYMENT_OUTCOME_UNKNOWN"},

    {.name = "MarkOrderReady",
     .kind = StepKind::compensatable,
     .action = local(plain<order::MarkOrderReady>),
     .no_compensation_because = "cancelling the order covers it"},

    {.name = "DispatchShipment",
     .kind = StepKind::pivot,
     .action = {.participant = Participant::effect,
                .operation = v1::OPERATION_HAND_OVER_SHIPMENT,
                .fill = fill_shipment,
                .record = {dispatch_shipment, consume_reservation, mark_shipped},
                .query = v1::OPERATION_QUERY_SHIPMENT},
     .timeout = 30s,
     .retry = {.max_attempts = 0}},

    {.name = "TrackShipment",
     .kind = StepKind::retriable,
     .action = {.participant = Participant::effect,
                .operation = v1::OPERATION_TRACK_SHIPMENT,
                .fill = fill_shipment,
                .record = {record_tracking},
                .polls = true,
                .poll_every = {.base = 500ms, .cap = 15min},
                .done = is_delivered,
                .failed_with = is_lost},
     .timeout = 15s,
     .retry = {.max_attempts = 0},
     .on_exhausted = OnExhausted::park},

    {.name = "MarkOrderDelivered",
     .kind = StepKind::retriable,
     .action = local(plain<order::MarkOrderDelivered>),
     .retry = {.max_attempts = 0}},

    {.name = "CompleteOrder", .kind = StepKind::retriable, .action = local(plain<order::CompleteOrder>), .retry = {.max_attempts = 0}},
};

constexpr Definition kDefinition{.name = "fulfil_order", .version = 1, .started_by = order::OrderConfirmed::descriptor, .steps = kSteps};
static_assert(check(kDefinition) == Broken::none);

}  // namespace

constinit const Definition kFulfilOrder = kDefinition;

}  // namespace ordersaga::sagas
