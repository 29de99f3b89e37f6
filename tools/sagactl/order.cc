// sagactl order list, get, history, watch (place: order_place.cc). They read the read models.
#include <fmt/format.h>

#include "tools/sagactl/command.h"
#include "tools/sagactl/find.h"
#include "tools/sagactl/order_place.h"
#include "tools/sagactl/read_after.h"

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

constexpr Statement kList{"order_list",
                          "SELECT to_json(t)::text FROM ("
                          " SELECT order_id, order_number, customer_id, status, payment_status, fulfilment_status, currency,"
                          "  total_minor, rejection_code, created_at, updated_at"
                          " FROM read.order_summary"
                          " WHERE ($1::text = '' OR status = ANY (string_to_array(upper($1::text), ',')))"
                          "  AND ($2::text = '' OR customer_id = $2::text)"
                          " ORDER BY created_at DESC, order_id LIMIT $3::text::bigint) t"};
constexpr Statement kGet{"order_get",
                         "SELECT to_json(t)::text FROM ("
                         " SELECT o.order_id, o.shard, o.order_number, o.customer_id, o.status, o.payment_status, o.fulfilment_status,"
                         "  o.currency, o.subtotal_minor, o.tax_minor, o.shipping_minor, o.discount_minor, o.total_minor,"
                         "  o.requested_minor, o.authorized_minor, o.captured_minor, o.refunded_minor, o.payment_method,"
                         "  o.shipping_method, o.coupon_code, o.notes,"
                         "  CASE WHEN o.stock_reserved THEN 'reservation-' || o.order_id ELSE '' END AS inventory_reservation_id,"
                         "  o.rejection_code, o.rejection_reason, o.created_at, o.updated_at, o.completed_at, o.cancelled_at, o.position,"
                         "  (SELECT coalesce(json_agg(to_jsonb(i) - 'order_id' - 'shard' ORDER BY i.line), '[]')"
                         "   FROM read.order_items i WHERE i.order_id = o.order_id) AS items,"
                         "  (SELECT coalesce(json_agg(to_jsonb(a) - 'order_id' - 'shard' ORDER BY a.type), '[]')"
                         "   FROM read.order_addresses a WHERE a.order_id = o.order_id) AS addresses,"
                         "  (SELECT coalesce(json_agg(to_jsonb(p) - 'order_id' - 'shard' ORDER BY p.created_at, p.transaction_id), '[]')"
                         "   FROM read.payment_transactions p WHERE p.order_id = o.order_id) AS payments,"
                         "  (SELECT coalesce(json_agg(to_jsonb(s) - 'order_id' - 'shard' ORDER BY s.shipment_id), '[]')"
                         "   FROM read.order_shipments s WHERE s.order_id = o.order_id) AS shipments"
                         " FROM read.order_summary o WHERE o.order_id = $1::text) t"};
constexpr Statement kHistory{"order_history",
                             "SELECT to_json(t)::text FROM ("
                             " SELECT version, status, notes, created_by, created_at FROM read.order_status_history"
                             " WHERE order_id = $1::text AND version > $2::text::bigint ORDER BY version) t"};

constexpr auto kWatchEvery = std::chrono::milliseconds(150);
constexpr std::string_view kLastStatuses[] = {"COMPLETED", "REJECTED", "CANCELLED", "EXPIRED"};

const std::vector<Field>& list_fields() {
  static const std::vector<Field> fields = {{"order_id", "ORDER"},
                                            {"order_number", "NUMBER"},
                                            {"customer_id", "CUSTOMER", Kind::text, Show::wide},
                                            {"status", "STATUS", Kind::state},
                                            {"payment_status", "PAYMENT"},
                                            {"fulfilment_status", "FULFILMENT"},
                                            {"currency", "", Kind::text, Show::never},
                                            {"total_minor", "TOTAL", Kind::amount},
                                            {"rejection_code", "CODE"},
                                            {"created_at", "PLACED", Kind::time},
                                            {"updated_at", "UPDATED", Kind::time, Show::wide}};
  return fields;
}

const std::vector<Field>& get_fields() {
  static const std::vector<Field> fields = {{"order_id", "Order"},
                                            {"order_number", "Number"},
                                            {"customer_id", "Customer"},
                                            {"status", "Status", Kind::state},
                                            {"payment_status", "Payment"},
                                            {"fulfilment_status", "Fulfilment"},
                                            {"currency", "", Kind::text, Show::never},
                                            {"total_minor", "Total", Kind::amount},
                                            {"authorized_minor", "Authorized", Kind::amount},
                                            {"captured_minor", "Captured", Kind::amount},
                                            {"refunded_minor", "Refunded", Kind::amount},
                                            {"rejection_code", "Code"},
                                            {"rejection_reason", "Reason"},
                                            {"notes", "Notes"},
                                            {"created_at", "Placed", Kind::time},
                                            {"updated_at", "Updated", Kind::time},
                                            {"completed_at", "Completed", Kind::time},
                                            {"cancelled_at", "Undone", Kind::time}};
  return fields;
}

const std::vector<Field>& history_fields() {
  static const std::vector<Field> fields = {{"version", "VERSION", Kind::number},
                                            {"status", "STATUS", Kind::state},
                                            {"created_at", "WHEN", Kind::time},
                                            {"created_by", "BY"},
                                            {"notes", "NOTES"}};
  return fields;
}

struct ListArgs {
  std::string min_position;
  std::string status;
  std::string customer;
  int limit = 50;
};

void declare_list(CLI::App& app, ListArgs& args) {
  add_min_position(app, args.min_position);
  app.add_option("--status", args.status, "only these, separated by commas");
  app.add_option("--customer", args.customer, "only this customer's");
  app.add_option("--limit", args.limit, "at most so many, the newest first")->check(CLI::Range(1, 100'000));
}

ExitCode run_list(Context& context, const ListArgs& args) {
  wait_for_position(context, "order_summary", args.min_position);
  Listing listing{"orders", list_fields(), {}, {}};
  listing.rows = context.database().select(kList, {args.status, args.customer, std::to_string(args.limit)}, listing.fields);
  if (!listing.rows.empty()) listing.next = "sagactl order get " + listing.rows[0]["order_id"].get<std::string>();
  context.print(listing);
  return ExitCode::ok;
}

struct OneArgs {
  std::string min_position;
  std::string order;
};

void declare_one(CLI::App& app, OneArgs& args) {
  add_min_position(app, args.min_position);
  app.add_option("order", args.order, "order id, number, or the beginning of one")->required();
}

ExitCode run_get(Context& context, const OneArgs& args) {
  wait_for_position(context, "order_summary", args.min_position);
  OrderRef order = find_order(context, args.order);
  std::vector<Json> rows = context.database().select(kGet, {order.id}, get_fields());
  if (rows.empty()) throw Failure(ExitCode::not_found, fmt::format("there is no order '{}'", args.order));
  Json& row = rows.front();
  context.print_object(get_fields(), row);
  if (context.options.format != Format::table && context.options.format != Format::wide) return ExitCode::ok;
  for (Json& item : row["items"]) {
    item["currency"] = row["currency"];
    context.console.out << fmt::format("  {} × {}  {}\n", item["quantity"].dump(), item["sku"].get<std::string>(),
                                       amount_text(item["subtotal_minor"].get<std::int64_t>(), row["currency"].get<std::string>()));
  }
  for (const Json& shipment : row["shipments"])
    context.console.out << fmt::format("  parcel {}  {}  {} {}\n", shipment["shipment_id"].get<std::string>(),
                                       shipment["status"].get<std::string>(), shipment["carrier"].get<std::string>(),
                                       shipment["tracking_number"].get<std::string>());
  context.say("next: sagactl saga timeline " + order.id);
  return ExitCode::ok;
}

ExitCode run_history(Context& context, const OneArgs& args) {
  wait_for_position(context, "order_summary", args.min_position);
  OrderRef order = find_order(context, args.order);
  Listing listing{"changes", history_fields(), {}, "sagactl saga timeline " + order.id};
  listing.rows = context.database().select(kHistory, {order.id, "0"}, listing.fields);
  context.print(listing);
  return ExitCode::ok;
}

struct WatchArgs {
  std::string order;
  std::string until;
};

void declare_watch(CLI::App& app, WatchArgs& args) {
  app.add_option("order", args.order, "order id, number, or the beginning of one")->required();
  app.add_option("--until", args.until, "end when it has this status (default: when it has its last)");
}

// A line for each status that the order gets, as it comes: json lines, or text.
ExitCode run_watch(Context& context, const WatchArgs& args) {
  OrderRef order = find_order(context, args.order);
  std::string until = args.until;
  for (char& c : until) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string seen = "0";
  std::string status;
  for (;;) {
    for (const Json& row : context.database().select(kHistory, {order.id, seen}, history_fields())) {
      seen = row["version"].dump();
      status = row["status"].get<std::string>();
      if (context.options.format == Format::table || context.options.format == Format::wide)
        context.console.out << fmt::format("{}  {}{}\n", row["created_at"].get<std::string>(),
                                           cell(history_fields()[1], row, context.style()),
                                           row["notes"].get<std::string>().empty() ? "" : "  " + row["notes"].get<std::string>());
      else if (context.options.format != Format::none)
        context.console.out << row.dump() << "\n";
      context.console.out.flush();
      if (status == until) return ExitCode::ok;
    }
    for (std::string_view last : kLastStatuses) {
      if (status != last) continue;
      if (until.empty()) return ExitCode::ok;
      throw Failure(ExitCode::refused, fmt::format("order {} ended as {}, it will not be {}", order.id, status, until),
                    "sagactl saga timeline " + order.id);
    }
    if (context.out_of_time())
      throw Failure(ExitCode::timed_out, fmt::format("order {} is still {}", order.id, status.empty() ? "unknown" : status),
                    "sagactl saga timeline " + order.id + "; --timeout 10m waits for longer");
    context.pause(kWatchEvery);
  }
}

}  // namespace

void add_order(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("order", "orders")->require_subcommand(1);
  add_verb<PlaceArgs>(*noun, chosen, "place", "place an order over Kafka and wait for the answer", declare_place, run_place);
  add_verb<OneArgs>(*noun, chosen, "get", "one order with its lines, payments and parcels", declare_one, run_get);
  add_verb<ListArgs>(*noun, chosen, "list", "orders, the newest first", declare_list, run_list);
  add_verb<OneArgs>(*noun, chosen, "history", "every status that an order has had", declare_one, run_history);
  add_verb<WatchArgs>(*noun, chosen, "watch", "follow an order's status", declare_watch, run_watch);
}

}  // namespace ordersaga::sagactl
