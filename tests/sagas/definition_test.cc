#include "sagas/definition.h"

#include <gtest/gtest.h>

#include "sagas/order_case.h"

namespace ordersaga::sagas {
namespace {

using namespace std::chrono_literals;

Message* nothing(const OrderCase&, const Context&) {
  return nullptr;
}
Message* no_record(const OrderCase&, const v1::EffectResult&, const Context&) {
  return nullptr;
}
void no_fill(const OrderCase&, v1::EffectRequest&) {}
bool never(const OrderCase&) {
  return false;
}

constexpr Action kLocal{.participant = Participant::local, .commands = {nothing}};
constexpr Action kCall{.participant = Participant::effect,
                       .operation = v1::OPERATION_VOID_PAYMENT,
                       .fill = no_fill,
                       .record = {no_record},
                       .query = v1::OPERATION_QUERY_PAYMENT};

struct Case {
  const char* what;
  std::vector<Step> steps;
  Broken expected;
};

Step undoable() {
  return {.name = "a", .action = kLocal, .compensation = kLocal};
}
Step pivot() {
  return {.name = "p", .kind = StepKind::pivot, .action = kLocal};
}

std::vector<Case> cases() {
  Step without_undo = undoable();
  without_undo.compensation = {};
  Step with_both = undoable();
  with_both.no_compensation_because = "both";
  Step call = undoable();
  call.action = kCall;
  Step endless = call;
  endless.timeout = 1s;
  endless.retry.max_attempts = 0;
  Step unasked = call;
  unasked.timeout = 1s;
  unasked.action.query = v1::OPERATION_UNSPECIFIED;
  Step empty = undoable();
  empty.action.commands = {};
  Step undone_pivot = pivot();
  undone_pivot.compensation = kLocal;
  Step may_fail{.name = "r", .kind = StepKind::retriable, .action = kCall, .timeout = 1s, .retry = {.max_attempts = 3}};
  Step parks = may_fail;
  parks.on_exhausted = OnExhausted::park;
  Step waits{.name = "w", .kind = StepKind::retriable, .action = {.participant = Participant::event, .done = never}, .timeout = 1s};
  Step remote = undoable();
  remote.action.participant = Participant::remote;
  return {
      {"nothing to do", {}, Broken::no_steps},
      {"too long", std::vector<Step>(17, undoable()), Broken::too_many_steps},
      {"sound", {undoable(), pivot()}, Broken::none},
      {"no pivot", {undoable()}, Broken::not_exactly_one_pivot},
      {"two pivots", {pivot(), pivot()}, Broken::not_exactly_one_pivot},
      {"cannot be undone", {without_undo, pivot()}, Broken::no_compensation},
      {"undone, and says that it need not be", {with_both, pivot()}, Broken::no_compensation},
      {"undoable after the pivot", {pivot(), undoable()}, Broken::compensatable_after_pivot},
      {"an undone pivot", {undone_pivot}, Broken::compensation_after_pivot},
      {"retriable before the pivot", {parks, pivot()}, Broken::retriable_before_pivot},
      {"fails for good after the pivot", {pivot(), may_fail}, Broken::can_fail_after_pivot},
      {"parks after the pivot", {pivot(), parks}, Broken::none},
      {"waits after the pivot and gives up", {pivot(), waits}, Broken::can_fail_after_pivot},
      {"waits without end", {call, pivot()}, Broken::no_timeout},
      {"tries without end before the pivot", {endless, pivot()}, Broken::unlimited_before_pivot},
      {"cannot be asked about", {unasked, pivot()}, Broken::no_query},
      {"a local step without a command", {empty, pivot()}, Broken::incomplete_action},
      {"a participant that no engine serves yet", {remote, pivot()}, Broken::incomplete_action},
  };
}

TEST(Definition, RulesAreKeptOrTheBrokenOneIsNamed) {
  for (const Case& c : cases()) {
    Definition d{.name = "x", .version = 1, .started_by = nullptr, .steps = c.steps};
    EXPECT_EQ(check(d), c.expected) << c.what;
  }
}

TEST(Definition, EveryDefinitionInTheTableIsSoundAndFoundByName) {
  for (std::size_t i = 0; i < definitions().size(); ++i) {
    EXPECT_EQ(check(*definitions()[i]), Broken::none);
    EXPECT_EQ(find_definition(definitions()[i]->name), static_cast<int>(i));
    EXPECT_EQ(definitions()[i]->name.find('-'), std::string_view::npos) << "streams are parsed by it";
  }
  EXPECT_EQ(find_definition("no_such_saga"), std::nullopt);
}

struct StreamCase {
  const char* stream;
  bool valid;
  StreamKind kind;
  const char* key;
};

TEST(StreamName, TellsKindAndKey) {
  const StreamCase all[] = {
      {"order-a-b", true, StreamKind::order, "a-b"},
      {"reservation-x", true, StreamKind::reservation, "x"},
      {"payment-a.1.2", true, StreamKind::payment, "a.1"},
      {"shipment-a.3", true, StreamKind::shipment, "a"},
      {"saga-place_order-a-b", true, StreamKind::saga, "a-b"},
      {"stock-SKU-1", true, StreamKind::stock, "SKU-1"},
      {"order-", false, StreamKind::order, ""},
      {"payment-a", false, StreamKind::payment, ""},
      {"payment-a.0", false, StreamKind::payment, ""},
      {"payment-a.x", false, StreamKind::payment, ""},
      {"saga-place_order", false, StreamKind::saga, ""},
      {"invoice-a", false, StreamKind::order, ""},
  };
  for (const StreamCase& c : all) {
    std::optional<StreamName> name = parse_stream(c.stream);
    ASSERT_EQ(name.has_value(), c.valid) << c.stream;
    if (!c.valid) continue;
    EXPECT_EQ(name->kind, c.kind) << c.stream;
    EXPECT_EQ(name->key, c.key) << c.stream;
  }
}

}  // namespace
}  // namespace ordersaga::sagas
