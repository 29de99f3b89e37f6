#include "tools/simulators/carrier/json.h"

#include "tools/simulators/json_fields.h"

namespace ordersaga::simulators::carrier {

Call parse_call(Kind kind, std::string_view key, std::string_view body) {
  Call call;
  call.kind = kind;
  call.key = std::string(key);
  if (kind != Kind::booking) {
    nlohmann::json in = parse_object(body, {"shipment", "reference", "target_key"});
    call.shipment = string_field(in, "shipment");
    call.reference = string_field(in, "reference");
    call.target_key = string_field(in, "target_key");
    return call;
  }
  nlohmann::json in = parse_object(body, {"shipment", "destination", "lines"});
  call.shipment = string_field(in, "shipment");
  if (auto to = in.find("destination"); to != in.end()) {
    if (!to->is_object()) throw std::invalid_argument("destination must be an object");
    call.postcode = string_field(*to, "postcode");
    call.city = string_field(*to, "city");
  }
  auto lines = in.find("lines");
  if (lines != in.end() && !lines->is_array()) throw std::invalid_argument("lines must be an array");
  call.parcels = lines == in.end() ? 0 : static_cast<int>(lines->size());
  return call;
}

nlohmann::json to_json(const LedgerEntry& entry) {
  nlohmann::json out = {{"sequence", entry.sequence},
                        {"at_micros", entry.at.time_since_epoch().count()},
                        {"kind", name(entry.kind)},
                        {"status", entry.done() ? "done" : "refused"},
                        {"id", entry.id},
                        {"key", entry.key},
                        {"shipment", entry.shipment},
                        {"booking", entry.booking},
                        {"fingerprint", entry.fingerprint}};
  if (entry.kind == Kind::booking) {
    out["postcode"] = entry.postcode;
    out["city"] = entry.city;
    out["carrier"] = kCarrierName;
    out["tracking_number"] = entry.tracking_number;
  }
  if (!entry.done()) {
    out["code"] = entry.code;
    out["message"] = entry.message;
  }
  return out;
}

LedgerEntry parse_entry(std::string_view line) {
  nlohmann::json in = nlohmann::json::parse(line);
  LedgerEntry entry;
  entry.sequence = in.at("sequence").get<std::int64_t>();
  entry.at = Timestamp(Duration(in.at("at_micros").get<std::int64_t>()));
  std::string kind = in.at("kind").get<std::string>();
  bool known = false;
  for (Kind k : {Kind::booking, Kind::handover, Kind::cancellation, Kind::advance}) {
    if (kind != name(k)) continue;
    entry.kind = k;
    known = true;
  }
  if (!known) throw std::invalid_argument("unknown kind of operation: " + kind);
  entry.id = in.at("id").get<std::string>();
  entry.key = in.at("key").get<std::string>();
  entry.shipment = in.at("shipment").get<std::string>();
  entry.booking = in.at("booking").get<std::string>();
  entry.fingerprint = in.at("fingerprint").get<std::uint64_t>();
  entry.postcode = in.value("postcode", "");
  entry.city = in.value("city", "");
  entry.tracking_number = in.value("tracking_number", "");
  entry.code = in.value("code", "");
  entry.message = in.value("message", "");
  return entry;
}

}  // namespace ordersaga::simulators::carrier
