#include "tools/sagactl/live_ledgers.h"

#include <fmt/format.h>

#include <functional>
#include <optional>

#include "ordersaga/shipment/v1/types.pb.h"
#include "tools/sagactl/http_get.h"

namespace ordersaga::sagactl {

namespace {

constexpr int kLedgerPage = 1'000;

std::string page_after(std::int64_t sequence, int limit) {
  return fmt::format("/v1/ledger?after={}&limit={}", sequence, limit);
}

// Gives `visit` every operation that was done; refusals changed nothing.
void read_ledger(Context& context, const std::string& url, const std::function<void(const Json&)>& visit) {
  std::int64_t after = 0;
  for (;;) {
    throw_if_stopped();
    Json page = http_get_json(context, url, page_after(after, kLedgerPage));
    try {
      for (const Json& entry : page.at("entries"))
        if (entry.at("status") == "done") visit(entry);
      if (page.at("next_after").is_null()) return;
      after = page.at("next_after").get<std::int64_t>();
    } catch (const Json::exception& error) {
      throw Failure(ExitCode::failed, fmt::format("{} gave a ledger that cannot be read: {}", url, error.what()));
    }
  }
}

verify::GatewayEntry to_gateway_entry(const Json& json) {
  verify::GatewayEntry entry;
  std::string kind = json.at("kind").get<std::string>();
  entry.operation = kind == "authorization" ? verify::GatewayOperation::authorize
                    : kind == "capture"     ? verify::GatewayOperation::capture
                    : kind == "void"        ? verify::GatewayOperation::void_authorization
                                            : verify::GatewayOperation::refund;
  entry.payment_id = json.at("payment").get<std::string>();
  entry.currency_code = json.at("amount").at("currency").get<std::string>();
  entry.amount_minor = json.at("amount").at("minor").get<std::int64_t>();
  entry.reference = json.at("id").get<std::string>();
  return entry;
}

std::optional<verify::CarrierEntry> to_carrier_entry(const Json& json, const std::string& url) {
  verify::CarrierEntry entry;
  std::string kind = json.at("kind").get<std::string>();
  if (kind == "advance") return std::nullopt;  // the parcel moved on: its booking says where to
  entry.operation = kind == "booking"    ? verify::CarrierOperation::book
                    : kind == "handover" ? verify::CarrierOperation::hand_over
                                         : verify::CarrierOperation::cancel;
  entry.shipment_id = json.at("shipment").get<std::string>();
  entry.reference = json.at("id").get<std::string>();
  entry.booking = json.at("booking").get<std::string>();
  if (entry.operation != verify::CarrierOperation::book) return entry;
  entry.postcode = json.at("postcode").get<std::string>();
  entry.tracking_number = json.at("tracking_number").get<std::string>();
  std::string tracking = json.at("tracking").get<std::string>();
  if (!shipment::v1::TrackingStatus_Parse("TRACKING_STATUS_" + tracking, &entry.tracking))
    throw Failure(ExitCode::failed, fmt::format("{} has a booking of unknown tracking status {}", url, tracking));
  return entry;
}

}  // namespace

bool has_ledger(Context& context, const std::string& url) {
  return http_get_json_if_there(context, url, page_after(0, 1)).has_value();
}

std::vector<verify::GatewayEntry> LiveGateway::ledger() {
  std::vector<verify::GatewayEntry> entries;
  read_ledger(context_, context_.settings.gateway_url, [&](const Json& json) { entries.push_back(to_gateway_entry(json)); });
  return entries;
}

std::vector<verify::CarrierEntry> LiveCarrier::carrier_ledger() {
  std::vector<verify::CarrierEntry> entries;
  const std::string& url = context_.settings.carrier_url;
  read_ledger(context_, url, [&](const Json& json) {
    if (auto entry = to_carrier_entry(json, url)) entries.push_back(*std::move(entry));
  });
  return entries;
}

}  // namespace ordersaga::sagactl
