#include "bench/sample_orders.h"

#include <fmt/format.h>

#include "schemas/headers.h"

namespace ordersaga::bench {

std::string sku(std::size_t index) {
  return fmt::format("BENCH-{:03}", index % kSkus);
}

order::v1::PlaceOrder make_order(const std::string& id, std::size_t index, bool declined) {
  order::v1::PlaceOrder command;
  command.set_order_id(id);
  command.set_customer_id(fmt::format("customer-{}", index % 500));
  for (std::size_t line = 0; line < 2; ++line) {
    order::v1::OrderItem& item = *command.add_items();
    item.set_sku(sku(index * 7 + line * 31));
    item.set_product_id(item.sku());
    item.set_name("Tea, 100 g");
    item.set_quantity(1);
    item.mutable_unit_price()->set_currency_code("EUR");
    item.mutable_unit_price()->set_amount_minor(1250);
  }
  common::v1::Address& address = *command.mutable_shipping_address();
  address.set_name("A. Customer");
  address.add_lines("1 Harbour Street");
  address.set_postcode("10115");
  address.set_city("Berlin");
  address.set_country_code("DE");
  command.mutable_payment()->set_method(order::v1::PAYMENT_METHOD_CREDIT_CARD);
  command.mutable_payment()->set_token(declined ? "tok_declined" : "tok_approved");
  command.set_shipping_method("STANDARD");
  return command;
}

inventory::v1::ReceiveStock make_receipt(std::size_t index) {
  inventory::v1::ReceiveStock receipt;
  receipt.set_sku(sku(index));
  receipt.set_location("main");
  receipt.set_quantity(kStock);
  return receipt;
}

runtime::kafka::OutgoingMessage command_message(const std::string& key, const google::protobuf::Message& command, std::string_view id,
                                                std::string_view reply_topic, std::string_view reply_when) {
  runtime::kafka::OutgoingMessage message;
  message.topic = std::string(topics::kCommands);
  message.key = key;
  message.value = command.SerializeAsString();
  auto header = [&](std::string_view name, std::string_view value) { message.headers.push_back({std::string(name), std::string(value)}); };
  header(headers::kSpecVersion, headers::kSpecVersionValue);
  header(headers::kId, id);
  header(headers::kSource, "bench");
  header(headers::kType, command.GetTypeName());
  header(headers::kContentType, headers::kProtobuf);
  if (!reply_topic.empty()) {
    header(headers::kReplyTo, reply_topic);
    header(headers::kReplyWhen, reply_when);
  }
  return message;
}

}  // namespace ordersaga::bench
