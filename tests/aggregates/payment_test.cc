#include "aggregates/payment/payment.h"

#include "tests/aggregates/fixtures.h"
#include "tests/aggregates/transition_table.h"

namespace ordersaga::tests {
namespace {

namespace v1 = ordersaga::payment::v1;

template <class... E>
Given<Payment> given(const E&... events) {
  return Given<Payment>({}, events...);
}

const v1::AuthorizePayment kAuthorize = proto<v1::AuthorizePayment>(R"pb(
  payment_id: "o1.1"
  order_id: "o1"
  amount { currency_code: "EUR" amount_minor: 100 }
  instrument { method: PAYMENT_METHOD_CREDIT_CARD token: "tok_1" }
)pb");
const v1::PaymentRequested kRequested = proto<v1::PaymentRequested>(R"pb(
  payment_id: "o1.1"
  amount { currency_code: "EUR" amount_minor: 100 }
  instrument { method: PAYMENT_METHOD_CREDIT_CARD token: "tok_1" }
)pb");

template <class E>
E moved(std::int64_t minor, const std::string& reference) {
  E event;
  event.mutable_amount()->set_currency_code("EUR");
  event.mutable_amount()->set_amount_minor(minor);
  event.set_reference(reference);
  return event;
}

const auto kAuthorized = moved<v1::PaymentAuthorized>(100, "auth_1");
const auto kCaptured = moved<v1::PaymentCaptured>(100, "cap_1");
const auto kRefunded40 = moved<v1::PaymentRefunded>(40, "ref_0");
const auto kRefunded60 = moved<v1::PaymentRefunded>(60, "ref_1");
const v1::PaymentDeclined kDeclined = proto<v1::PaymentDeclined>("code: 'insufficient_funds'");
const v1::AuthorizationVoided kVoided;

v1::RecordPaymentResult result(v1::PaymentOperation operation, v1::PaymentResult result, std::int64_t minor = 0,
                               const std::string& reference = {}) {
  v1::RecordPaymentResult command;
  command.set_payment_id("o1.1");
  command.set_operation(operation);
  command.set_result(result);
  if (minor != 0) {
    command.mutable_amount()->set_currency_code("EUR");
    command.mutable_amount()->set_amount_minor(minor);
  }
  command.set_reference(reference);
  return command;
}

const auto kAuthorizeDone = result(v1::PAYMENT_OPERATION_AUTHORIZE, v1::PAYMENT_RESULT_DONE, 100, "auth_1");
const auto kAuthorizeRefused = result(v1::PAYMENT_OPERATION_AUTHORIZE, v1::PAYMENT_RESULT_REFUSED);
const auto kAuthorizeUnknown = result(v1::PAYMENT_OPERATION_AUTHORIZE, v1::PAYMENT_RESULT_UNKNOWN);
const auto kCaptureDone = result(v1::PAYMENT_OPERATION_CAPTURE, v1::PAYMENT_RESULT_DONE, 100, "cap_1");
const auto kCaptureRefused = result(v1::PAYMENT_OPERATION_CAPTURE, v1::PAYMENT_RESULT_REFUSED);
const auto kCaptureUnknown = result(v1::PAYMENT_OPERATION_CAPTURE, v1::PAYMENT_RESULT_UNKNOWN);
const auto kVoidDone = result(v1::PAYMENT_OPERATION_VOID, v1::PAYMENT_RESULT_DONE);
const auto kVoidRefused = result(v1::PAYMENT_OPERATION_VOID, v1::PAYMENT_RESULT_REFUSED);
const auto kVoidUnknown = result(v1::PAYMENT_OPERATION_VOID, v1::PAYMENT_RESULT_UNKNOWN);
const auto kRefundAllDone = result(v1::PAYMENT_OPERATION_REFUND, v1::PAYMENT_RESULT_DONE, 100, "ref_9");
const auto kRefundRefused = result(v1::PAYMENT_OPERATION_REFUND, v1::PAYMENT_RESULT_REFUSED);
const auto kRefundUnknown = result(v1::PAYMENT_OPERATION_REFUND, v1::PAYMENT_RESULT_UNKNOWN);

TEST(Payment, takes_every_command_in_every_status_as_the_table_says) {
  using S = aggregates::payment::Status;
  check_table<Payment>({},
                       {{"AuthorizePayment", &kAuthorize},
                        {"authorized", &kAuthorizeDone},
                        {"declined", &kAuthorizeRefused},
                        {"no answer to authorize", &kAuthorizeUnknown},
                        {"captured", &kCaptureDone},
                        {"capture refused", &kCaptureRefused},
                        {"no answer to capture", &kCaptureUnknown},
                        {"voided", &kVoidDone},
                        {"void refused", &kVoidRefused},
                        {"no answer to void", &kVoidUnknown},
                        {"refunded whole", &kRefundAllDone},
                        {"refund refused", &kRefundRefused},
                        {"no answer to refund", &kRefundUnknown}},
                       {
                           //                                                           auth   capture void   refund
                           {S::none, after<Payment>(), "E NNN NNN NNN NNN"},
                           {S::requested, after<Payment>(kRequested), "- EEE XXX E-E XXX"},
                           {S::declined, after<Payment>(kRequested, kDeclined), "- X-- XXX E-E XXX"},
                           {S::authorized, after<Payment>(kRequested, kAuthorized), "- -X- EEE E-E XXX"},
                           {S::voided, after<Payment>(kRequested, kAuthorized, kVoided), "- X-- XXX --- XXX"},
                           {S::captured, after<Payment>(kRequested, kAuthorized, kCaptured), "- -X- -X- X-X EEE"},
                           {S::refunded, after<Payment>(kRequested, kAuthorized, kCaptured, kRefunded40, kRefunded60), "- -X- -X- X-X ?X-"},
                       });
}

TEST(Payment, is_requested_authorized_captured_and_refunded) {
  given().when(kAuthorize).then(kRequested);
  given(kRequested).when(kAuthorizeDone).then(kAuthorized);
  given(kRequested, kAuthorized).when(kCaptureDone).then(kCaptured);
  given(kRequested, kAuthorized, kCaptured)
      .when(result(v1::PAYMENT_OPERATION_REFUND, v1::PAYMENT_RESULT_DONE, 40, "ref_0"))
      .then(kRefunded40);
}

TEST(Payment, stays_captured_until_all_of_it_is_refunded) {
  using S = aggregates::payment::Status;
  EXPECT_EQ(given(kRequested, kAuthorized, kCaptured, kRefunded40).state().status, S::captured);
  EXPECT_EQ(given(kRequested, kAuthorized, kCaptured, kRefunded40, kRefunded60).state().status, S::refunded);
}

TEST(Payment, is_never_refunded_above_what_was_captured) {
  aggregates::Rejection rejection = given(kRequested, kAuthorized, kCaptured, kRefunded60)
                                        .when(result(v1::PAYMENT_OPERATION_REFUND, v1::PAYMENT_RESULT_DONE, 41, "ref_2"))
                                        .then_rejected(error::kRefundExceedsCapture);
  EXPECT_EQ(rejection.details, (std::vector<aggregates::Detail>{{{"captured", "100"}, {"refunded", "60"}}}));
}

TEST(Payment, records_one_refund_once) {
  given(kRequested, kAuthorized, kCaptured, kRefunded40)
      .when(result(v1::PAYMENT_OPERATION_REFUND, v1::PAYMENT_RESULT_DONE, 40, "ref_0"))
      .then();
  given(kRequested, kAuthorized, kCaptured, kRefunded40)
      .when(result(v1::PAYMENT_OPERATION_REFUND, v1::PAYMENT_RESULT_DONE, 60, "ref_1"))
      .then(kRefunded60);
}

TEST(Payment, objects_to_a_second_charge_under_another_reference) {
  auto again = kAuthorizeDone;
  again.set_reference("auth_2");
  given(kRequested, kAuthorized).when(again).then_rejected(error::kInvalidTransition);
  auto capture_again = kCaptureDone;
  capture_again.set_reference("cap_2");
  given(kRequested, kAuthorized, kCaptured).when(capture_again).then_rejected(error::kInvalidTransition);
}

TEST(Payment, objects_to_money_that_is_not_what_was_asked_for) {
  auto less = kAuthorizeDone;
  less.mutable_amount()->set_amount_minor(99);
  given(kRequested).when(less).then_rejected(error::kInvalidArgument);
  auto dollars = kAuthorizeDone;
  dollars.mutable_amount()->set_currency_code("USD");
  given(kRequested).when(dollars).then_rejected(error::kCurrencyMismatch);
  auto nothing = kAuthorizeDone;
  nothing.clear_amount();
  given(kRequested).when(nothing).then_rejected(error::kInvalidArgument);
  auto nameless = kAuthorizeDone;
  nameless.clear_reference();
  given(kRequested).when(nameless).then_rejected(error::kInvalidArgument);
  auto more = kCaptureDone;
  more.mutable_amount()->set_amount_minor(101);
  given(kRequested, kAuthorized).when(more).then_rejected(error::kInvalidArgument);
}

TEST(Payment, may_be_captured_in_part) {
  auto part = kCaptureDone;
  part.mutable_amount()->set_amount_minor(30);
  given(kRequested, kAuthorized).when(part).then(moved<v1::PaymentCaptured>(30, "cap_1"));
}

TEST(Payment, without_an_answer_is_unknown_until_there_is_one) {
  const auto unknown = proto<v1::PaymentOutcomeUnknown>("operation: PAYMENT_OPERATION_AUTHORIZE");
  EXPECT_EQ(given(kRequested, unknown).state().unknown, v1::PAYMENT_OPERATION_AUTHORIZE);
  given(kRequested, unknown).when(kAuthorizeUnknown).then();
  given(kRequested, unknown).when(kAuthorizeDone).then(kAuthorized);
  EXPECT_EQ(given(kRequested, unknown, kAuthorized).state().unknown, v1::PAYMENT_OPERATION_UNSPECIFIED);
  EXPECT_EQ(given(kRequested, unknown, kDeclined).state().unknown, v1::PAYMENT_OPERATION_UNSPECIFIED);
  EXPECT_EQ(given(kRequested, unknown, kVoided).state().unknown, v1::PAYMENT_OPERATION_UNSPECIFIED);
}

TEST(Payment, that_was_refused_can_be_captured_later) {
  const auto failed = proto<v1::PaymentCaptureFailed>("code: 'try_later'");
  given(kRequested, kAuthorized, failed).when(kCaptureRefused).then();
  given(kRequested, kAuthorized, failed).when(kCaptureDone).then(kCaptured);
  EXPECT_EQ(given(kRequested, kAuthorized, failed, kCaptured).state().refused, v1::PAYMENT_OPERATION_UNSPECIFIED);
}

TEST(Payment, keeps_the_gateways_words_short_and_readable) {
  auto refused = kAuthorizeRefused;
  refused.set_code("do_not_honor");
  refused.set_message(std::string("bad\0byte \xff", 10) + std::string(400, 'x'));
  auto expected = proto<v1::PaymentDeclined>("code: 'do_not_honor'");
  expected.set_message("bad?byte ?" + std::string(246, 'x'));
  given(kRequested).when(refused).then(expected);
}

TEST(Payment, of_nonsense_is_refused) {
  for (const char* change : {"payment_id: 'o2.1'", "payment_id: 'o1.0'", "payment_id: 'o1.x'", "payment_id: 'o1'", "order_id: ''",
                             "amount { amount_minor: 0 }", "amount { amount_minor: -5 }", "amount { currency_code: 'XXX' }",
                             "instrument { token: '' }", "instrument { token: '4111111111111111' }"}) {
    SCOPED_TRACE(change);
    v1::AuthorizePayment command = kAuthorize;
    google::protobuf::TextFormat::Parser parser;
    ASSERT_TRUE(parser.MergeFromString(change, &command));
    given().when(command).then_rejected(error::kInvalidArgument);
  }
  v1::AuthorizePayment another = kAuthorize;
  another.mutable_amount()->set_amount_minor(200);
  given(kRequested).when(another).then_rejected(error::kInvalidTransition);
  given(kRequested).when(result(v1::PAYMENT_OPERATION_UNSPECIFIED, v1::PAYMENT_RESULT_DONE)).then_rejected(error::kInvalidArgument);
  given(kRequested).when(result(v1::PAYMENT_OPERATION_VOID, v1::PAYMENT_RESULT_UNSPECIFIED)).then_rejected(error::kInvalidArgument);
}

}  // namespace
}  // namespace ordersaga::tests
