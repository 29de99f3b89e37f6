// sagactl stock list, receive
#include <fmt/format.h>

#include "ordersaga/inventory/v1/commands.pb.h"
#include "tools/sagactl/command.h"
#include "tools/sagactl/command_sender.h"
#include "tools/sagactl/read_after.h"

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

constexpr Statement kList{"stock_list",
                          "SELECT to_json(t)::text FROM ("
                          " SELECT sku, location, on_hand, reserved, shipped, received, updated_at FROM read.stock_levels"
                          " WHERE ($1::text = '' OR sku ^@ $1::text) AND ($2::text = '' OR location = $2::text)"
                          " ORDER BY sku, location LIMIT $3::text::bigint) t"};

const std::vector<Field>& list_fields() {
  static const std::vector<Field> fields = {{"sku", "SKU"},
                                            {"location", "LOCATION"},
                                            {"on_hand", "ON HAND", Kind::number},
                                            {"reserved", "RESERVED", Kind::number},
                                            {"shipped", "SHIPPED", Kind::number},
                                            {"received", "RECEIVED", Kind::number},
                                            {"updated_at", "UPDATED", Kind::time}};
  return fields;
}

struct ListArgs {
  std::string min_position;
  std::string sku;
  std::string location;
  int limit = 100;
};

void declare_list(CLI::App& app, ListArgs& args) {
  add_min_position(app, args.min_position);
  app.add_option("sku", args.sku, "only SKUs that begin so");
  app.add_option("--location", args.location, "only this location");
  app.add_option("--limit", args.limit, "at most so many")->check(CLI::Range(1, 1'000'000));
}

ExitCode run_list(Context& context, const ListArgs& args) {
  wait_for_position(context, "stock_levels", args.min_position);
  Listing listing{"levels", list_fields(), {}, {}};
  listing.rows = context.database().select(kList, {args.sku, args.location, std::to_string(args.limit)}, listing.fields);
  context.print(listing);
  return ExitCode::ok;
}

struct ReceiveArgs {
  std::string sku;
  std::string location;
  std::int64_t quantity = 0;
  std::string idempotency_key;
};

void declare_receive(CLI::App& app, ReceiveArgs& args) {
  app.add_option("sku", args.sku)->required();
  app.add_option("location", args.location)->required();
  app.add_option("quantity", args.quantity)->required()->check(CLI::PositiveNumber);
  app.add_option("--idempotency-key", args.idempotency_key, "the same key again is not received again");
}

ExitCode run_receive(Context& context, const ReceiveArgs& args) {
  for (const std::string& id : {args.sku, args.location})
    if (!is_valid_id(id)) throw Failure(ExitCode::usage, fmt::format("'{}' is no id: 1 to 64 characters of A-Z a-z 0-9 . _ : -", id));
  inventory::v1::ReceiveStock command;
  command.set_sku(args.sku);
  command.set_location(args.location);
  command.set_quantity(args.quantity);
  std::string look = "sagactl stock list " + args.sku;
  auto reply = send_and_wait(context, {.key = args.sku, .id = {}, .idempotency_key = args.idempotency_key, .message = &command},
                             log::v1::REPLY_WHEN_ACCEPTED, look);
  return print_reply(context, reply, look);
}

}  // namespace

void add_stock(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("stock", "stock levels")->require_subcommand(1);
  add_verb<ListArgs>(*noun, chosen, "list", "levels of every SKU at every location", declare_list, run_list);
  add_verb<ReceiveArgs>(*noun, chosen, "receive", "goods arrived", declare_receive, run_receive);
}

}  // namespace ordersaga::sagactl
