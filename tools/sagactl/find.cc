#include "tools/sagactl/find.h"

#include <fmt/format.h>

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

constexpr Statement kExactOrder{"find_order_exact",
                                "SELECT order_id, order_number FROM read.order_summary WHERE order_id = $1::text "
                                "UNION SELECT order_id, order_number FROM read.order_summary WHERE order_number = upper($1::text) LIMIT 2"};
constexpr Statement kOrderPrefix{
    "find_order_prefix",
    "SELECT order_id, order_number FROM read.order_summary WHERE order_id ^@ $1::text "
    "UNION SELECT order_id, order_number FROM read.order_summary WHERE order_number ^@ upper($1::text) ORDER BY 1 LIMIT 6"};
// A saga's id is <type>-<order id>; its stream has "saga-" before it. A type has no '-'.
constexpr Statement kExactSaga{"find_saga_exact",
                               "SELECT saga, type, order_id, coalesce(order_number, '') FROM read.sagas"
                               " WHERE saga = $1::text OR saga = 'saga-' || $1::text"};
constexpr Statement kSagaPrefix{"find_saga_prefix",
                                "SELECT saga, type, order_id, coalesce(order_number, '') FROM read.sagas"
                                " WHERE CASE WHEN strpos(regexp_replace($1::text, '^saga-', ''), '-') = 0"
                                "  THEN type ^@ regexp_replace($1::text, '^saga-', '')"
                                "  ELSE type = split_part(regexp_replace($1::text, '^saga-', ''), '-', 1) AND order_id ^@"
                                "   substr(regexp_replace($1::text, '^saga-', ''), strpos(regexp_replace($1::text, '^saga-', ''), '-') + 1)"
                                " END ORDER BY saga LIMIT 6"};
constexpr Statement kSagasOfOrder{"find_sagas_of_order",
                                  "SELECT saga, type, order_id, coalesce(order_number, '') FROM read.sagas"
                                  " WHERE order_id = $1::text ORDER BY started_at, position"};

// How many candidates an ambiguity names.
constexpr std::size_t kNamed = 5;
constexpr auto kLookEvery = std::chrono::milliseconds(100);

std::vector<OrderRef> orders(Context& context, const Statement& statement, const std::string& text) {
  std::vector<OrderRef> found;
  Database::Rows rows = context.database().query(statement, {text});
  for (std::size_t r = 0; r < rows.size(); ++r) found.push_back({std::string(rows.text(r, 0)), std::string(rows.text(r, 1))});
  return found;
}

std::vector<SagaRef> sagas(Context& context, const Statement& statement, const std::string& text) {
  std::vector<SagaRef> found;
  Database::Rows rows = context.database().query(statement, {text});
  for (std::size_t r = 0; r < rows.size(); ++r)
    found.push_back(
        {std::string(rows.text(r, 0)), std::string(rows.text(r, 1)), std::string(rows.text(r, 2)), std::string(rows.text(r, 3))});
  return found;
}

template <class Refs, class Name>
Failure ambiguous(const std::string& text, const Refs& found, Name name) {
  std::string names;
  for (std::size_t i = 0; i < found.size() && i < kNamed; ++i) names += (i == 0 ? "" : ", ") + name(found[i]);
  if (found.size() > kNamed) names += ", …";
  return {ExitCode::usage, fmt::format("'{}' is the beginning of several: {}", text, names), "type more of it"};
}

}  // namespace

OrderRef find_order(Context& context, const std::string& text) {
  for (;;) {
    std::vector<OrderRef> found = orders(context, kExactOrder, text);
    if (!found.empty()) return found.front();
    if (!context.options.wait || context.out_of_time()) break;
    context.pause(kLookEvery);
  }
  std::vector<OrderRef> found = text.empty() ? std::vector<OrderRef>{} : orders(context, kOrderPrefix, text);
  if (found.empty())
    throw Failure(ExitCode::not_found, fmt::format("there is no order '{}'", text),
                  "sagactl order list; --wait waits for an order that was just placed");
  if (found.size() > 1) throw ambiguous(text, found, [](const OrderRef& o) { return o.id; });
  return found.front();
}

std::vector<SagaRef> find_sagas(Context& context, const std::string& text) {
  std::vector<SagaRef> found = sagas(context, kExactSaga, text);
  if (found.size() == 1) return found;
  std::vector<OrderRef> order = orders(context, kExactOrder, text);
  if (order.empty() && !text.empty()) {
    found = sagas(context, kSagaPrefix, text);
    if (found.size() == 1) return found;
    if (found.size() > 1) throw ambiguous(text, found, [](const SagaRef& s) { return saga_id(s.stream); });
    order = orders(context, kOrderPrefix, text);
    if (order.size() > 1) throw ambiguous(text, order, [](const OrderRef& o) { return o.id; });
  }
  if (!order.empty()) found = sagas(context, kSagasOfOrder, order.front().id);
  if (found.empty())
    throw Failure(ExitCode::not_found, fmt::format("there is no saga '{}', and no order with one", text), "sagactl saga list");
  return found;
}

std::string saga_id(const std::string& stream) {
  return stream.starts_with("saga-") ? stream.substr(5) : stream;
}

}  // namespace ordersaga::sagactl
