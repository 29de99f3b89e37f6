// sagactl order place: a PlaceOrder from flags or a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

struct PlaceArgs {
  std::string file;
  std::vector<std::string> items;
  std::string id;
  std::string currency = "EUR";
  std::string customer = "walk-in";
  std::string token = "tok_approved";
  std::string name = "Walk-in customer";
  std::string street = "1 Harbour Street";
  std::string postcode = "10115";
  std::string city = "Berlin";
  std::string country = "DE";
  std::string notes;
  std::string idempotency_key;
  std::string reply = "completed";
};

struct ItemText {
  std::string sku;
  std::int32_t quantity = 0;
  std::int64_t price_minor = 0;
};
// "SKU-1:2:12.34". Throws Failure{usage}.
ItemText parse_item(const std::string& text, const std::string& currency);
// "12.34" in minor units of the currency. Throws Failure{usage}.
std::int64_t parse_amount(const std::string& text, const std::string& currency);

void declare_place(CLI::App& app, PlaceArgs& args);
ExitCode run_place(Context& context, const PlaceArgs& args);

}  // namespace ordersaga::sagactl
