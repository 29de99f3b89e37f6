#include "tools/demo/plan.h"

#include <fmt/format.h>

namespace ordersaga::demo {
namespace {

struct Product {
  std::string_view sku;
  std::string_view name;
  std::int64_t price_minor;
};

constexpr Product kProducts[] = {
    {"DEMO-KETTLE", "Kettle, 1.7 l", 3'499},   {"DEMO-TEAPOT", "Teapot, glass", 2'450},     {"DEMO-MUG", "Mug, stoneware", 1'295},
    {"DEMO-TEA-ASSAM", "Assam, 250 g", 1'190}, {"DEMO-TEA-SENCHA", "Sencha, 100 g", 1'480}, {"DEMO-SCOOP", "Tea scoop", 590},
    {"DEMO-STRAINER", "Strainer, steel", 845}, {"DEMO-TRAY", "Tray, bamboo", 2'199},        {"DEMO-TIMER", "Timer, three cups", 1'750},
    {"DEMO-TIN", "Tin, airtight", 999},
};
// Hardly any of it is there, and each order for it wants far more.
constexpr Product kScarce{"DEMO-SCARCE", "Teapot, one of a kind", 48'000};
constexpr int kScarceOrdered = 10'000;
constexpr std::string_view kCurrency = "EUR";
constexpr std::string_view kLocations[] = {"main", "annex"};

// Spreads the kinds evenly: of all multipliers without a common divisor with 1,000, by this one no kind is ever further
// than one and a half orders from its share.
std::size_t kind_of(std::size_t index) {
  std::size_t slot = index * 367 % 1000;
  for (std::size_t kind = 0; kind + 1 < kKindCount; ++kind) {
    auto width = static_cast<std::size_t>(kKinds[kind].per_thousand);
    if (slot < width) return kind;
    slot -= width;
  }
  return kKindCount - 1;
}

void add_line(order::v1::PlaceOrder& command, const Product& product, int quantity) {
  order::v1::OrderItem* item = command.add_items();
  item->set_sku(std::string(product.sku));
  item->set_product_id(std::string(product.sku));
  item->set_name(std::string(product.name));
  item->set_quantity(quantity);
  item->mutable_unit_price()->set_currency_code(std::string(kCurrency));
  item->mutable_unit_price()->set_amount_minor(product.price_minor);
}

void set_customer(order::v1::PlaceOrder& command, std::size_t index) {
  command.set_customer_id(fmt::format("customer-{}", index % 200));
  common::v1::Address* address = command.mutable_shipping_address();
  address->set_name(fmt::format("Customer {}", index % 200));
  address->add_lines(fmt::format("{} Harbour Street", 1 + index % 90));
  address->set_postcode(fmt::format("{}", 10'000 + index % 800));
  address->set_city("Berlin");
  address->set_country_code("DE");
  address->set_email(fmt::format("customer-{}@example.com", index % 200));
}

PlannedOrder make_order(std::string_view run, std::size_t index) {
  PlannedOrder planned;
  planned.kind = kind_of(index);
  const Kind& kind = kKinds[planned.kind];
  order::v1::PlaceOrder& command = planned.command;
  command.set_order_id(fmt::format("demo-{}-{:05}", run, index + 1));
  set_customer(command, index);
  std::size_t lines = 1 + index % 3;
  for (std::size_t line = 0; line < lines; ++line)
    add_line(command, kProducts[(index * 7 + line * 3) % std::size(kProducts)], static_cast<int>(1 + (index + line) % 3));
  if (kind.short_of_stock) add_line(command, kScarce, kScarceOrdered);
  command.mutable_payment()->set_method(index % 4 == 0 ? order::v1::PAYMENT_METHOD_TOKEN : order::v1::PAYMENT_METHOD_CREDIT_CARD);
  command.mutable_payment()->set_token(std::string(kind.token));
  command.set_shipping_method("STANDARD");
  return planned;
}

void add_receipt(Plan& plan, std::string_view sku, std::string_view location, std::int64_t quantity) {
  inventory::v1::ReceiveStock& receipt = plan.receipts.emplace_back();
  receipt.set_sku(std::string(sku));
  receipt.set_location(std::string(location));
  receipt.set_quantity(quantity);
}

}  // namespace

std::string_view name_of(End end) {
  switch (end) {
    case End::open:
      return "open";
    case End::completed:
      return "COMPLETED";
    case End::rejected:
      return "REJECTED";
    case End::cancelled:
      return "CANCELLED";
  }
  return "?";
}

common::v1::Outcome expected_reply(const Kind& kind) {
  return kind.end == End::completed ? common::v1::OUTCOME_SUCCEEDED : common::v1::OUTCOME_REJECTED;
}

Plan make_plan(std::string_view run, std::size_t orders) {
  Plan plan;
  std::map<std::string, std::int64_t> needed;
  for (std::size_t index = 0; index < orders; ++index) {
    plan.orders.push_back(make_order(run, index));
    for (const order::v1::OrderItem& item : plan.orders.back().command.items())
      if (item.sku() != kScarce.sku) needed[item.sku()] += item.quantity();
  }
  // Orders that end in a rejection hold their units for a while, so they are counted too.
  for (const auto& [sku, quantity] : needed) {
    std::int64_t first = quantity * 6 / 10 + 1;
    add_receipt(plan, sku, kLocations[0], first);
    add_receipt(plan, sku, kLocations[1], quantity - first + 3);
  }
  add_receipt(plan, kScarce.sku, kLocations[0], 1);
  return plan;
}

}  // namespace ordersaga::demo
