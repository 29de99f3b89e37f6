// sagactl order place
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <charconv>
#include <fstream>
#include <iterator>

#include "aggregates/currency.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "tools/sagactl/command_sender.h"
#include "tools/sagactl/order_place.h"

namespace ordersaga::sagactl {

namespace order_v1 = ordersaga::order::v1;

namespace {

// A command is at most so long (its limit on Kafka).
constexpr std::size_t kMaxFile = 256 * 1024;

std::string read_file(Context& context, const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(context.console.in), {});
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Failure(ExitCode::usage, fmt::format("cannot read {}", path));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (text.size() > kMaxFile) throw Failure(ExitCode::usage, fmt::format("{} is longer than {} bytes", path, kMaxFile));
  return text;
}

order_v1::PlaceOrder from_json(const std::string& text, const std::string& path) {
  order_v1::PlaceOrder command;
  auto status = google::protobuf::util::JsonStringToMessage(text, &command);
  if (!status.ok()) throw Failure(ExitCode::usage, fmt::format("{} is no PlaceOrder in JSON: {}", path, std::string(status.message())));
  return command;
}

void add_items(const PlaceArgs& args, order_v1::PlaceOrder& command) {
  for (const std::string& text : args.items) {
    ItemText item = parse_item(text, args.currency);
    order_v1::OrderItem* line = command.add_items();
    line->set_sku(item.sku);
    line->set_quantity(item.quantity);
    line->mutable_unit_price()->set_currency_code(args.currency);
    line->mutable_unit_price()->set_amount_minor(item.price_minor);
  }
}

}  // namespace

std::int64_t parse_amount(const std::string& text, const std::string& currency) {
  std::optional<int> exponent = aggregates::currency_exponent(currency);
  if (!exponent) throw Failure(ExitCode::usage, fmt::format("'{}' is no currency of ISO 4217", currency));
  std::string digits = text;
  std::size_t decimals = 0;
  if (auto dot = text.find('.'); dot != std::string::npos) {
    decimals = text.size() - dot - 1;
    digits.erase(dot, 1);
  }
  std::int64_t minor = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), minor);
  bool complete = error == std::errc() && end == digits.data() + digits.size() && !digits.empty();
  if (!complete || minor < 0 || decimals > static_cast<std::size_t>(*exponent))
    throw Failure(ExitCode::usage, fmt::format("'{}' is no amount of {}, which has {} decimals", text, currency, *exponent));
  for (; decimals < static_cast<std::size_t>(*exponent); ++decimals)
    if (__builtin_mul_overflow(minor, 10, &minor)) throw Failure(ExitCode::usage, fmt::format("'{}' is too much", text));
  return minor;
}

ItemText parse_item(const std::string& text, const std::string& currency) {
  // A SKU may hold colons itself, so the two last parts are quantity and price.
  auto price = text.rfind(':');
  auto quantity = price == std::string::npos || price == 0 ? std::string::npos : text.rfind(':', price - 1);
  if (quantity == std::string::npos || quantity == 0)
    throw Failure(ExitCode::usage, fmt::format("--item '{}': write SKU:QUANTITY:PRICE, for instance SKU-1:2:12.34", text));
  ItemText item;
  item.sku = text.substr(0, quantity);
  std::string count = text.substr(quantity + 1, price - quantity - 1);
  auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), item.quantity);
  if (error != std::errc() || end != count.data() + count.size() || item.quantity <= 0)
    throw Failure(ExitCode::usage, fmt::format("--item '{}': '{}' is no quantity", text, count));
  item.price_minor = parse_amount(text.substr(price + 1), currency);
  return item;
}

void declare_place(CLI::App& app, PlaceArgs& args) {
  auto* file = app.add_option("-f,--file", args.file, "PlaceOrder as JSON; - reads stdin");
  app.add_option("--item", args.items, "SKU:QUANTITY:PRICE, again for each line")->excludes(file);
  app.add_option("--id", args.id, "order id (default: a new UUID)");
  app.add_option("--currency", args.currency, "ISO 4217")->excludes(file);
  app.add_option("--customer", args.customer, "customer id")->excludes(file);
  app.add_option("--token", args.token, "the gateway's token of what is paid with")->excludes(file);
  app.add_option("--to-name", args.name)->excludes(file);
  app.add_option("--to-street", args.street)->excludes(file);
  app.add_option("--to-postcode", args.postcode)->excludes(file);
  app.add_option("--to-city", args.city)->excludes(file);
  app.add_option("--to-country", args.country, "ISO 3166-1 alpha-2")->excludes(file);
  app.add_option("--notes", args.notes)->excludes(file);
  app.add_option("--idempotency-key", args.idempotency_key, "the same key again gets the first answer again");
  app.add_option("--reply", args.reply, "when to answer: completed (confirmed or undone), accepted, or none (do not wait)")
      ->check(CLI::IsMember({"completed", "accepted", "none"}));
}

ExitCode run_place(Context& context, const PlaceArgs& args) {
  order_v1::PlaceOrder command;
  if (!args.file.empty()) {
    command = from_json(read_file(context, args.file), args.file);
  } else {
    if (args.items.empty())
      throw Failure(ExitCode::usage, "what is ordered? --item SKU:QUANTITY:PRICE, or -f order.json", "sagactl order place --help");
    add_items(args, command);
    command.set_customer_id(args.customer);
    command.mutable_payment()->set_method(order_v1::PAYMENT_METHOD_CREDIT_CARD);
    command.mutable_payment()->set_token(args.token);
    auto* to = command.mutable_shipping_address();
    to->set_name(args.name);
    to->add_lines(args.street);
    to->set_postcode(args.postcode);
    to->set_city(args.city);
    to->set_country_code(args.country);
    command.set_notes(args.notes);
  }
  if (!args.id.empty()) command.set_order_id(args.id);
  if (command.order_id().empty()) command.set_order_id(new_id(context.now()));
  if (!is_valid_id(command.order_id()))
    throw Failure(ExitCode::usage, fmt::format("'{}' is no id: 1 to 64 characters of A-Z a-z 0-9 . _ : -", command.order_id()));
  CommandToSend to_send{.key = command.order_id(), .id = {}, .idempotency_key = args.idempotency_key, .message = &command};
  if (args.reply == "none") {
    send(context, to_send);
    context.print_object({{"order_id", "Order"}}, {{"order_id", command.order_id()}});
    context.say("next: sagactl order watch " + command.order_id());
    return ExitCode::ok;
  }
  auto when = args.reply == "accepted" ? log::v1::REPLY_WHEN_ACCEPTED : log::v1::REPLY_WHEN_COMPLETED;
  auto reply = send_and_wait(context, to_send, when, "sagactl order get " + command.order_id());
  return print_reply(context, reply, "sagactl saga timeline " + command.order_id());
}

}  // namespace ordersaga::sagactl
