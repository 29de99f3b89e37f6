#include "tools/simulators/payment_gateway/json.h"

#include "tools/simulators/json_fields.h"

namespace ordersaga::simulators::payment_gateway {

Call parse_call(Kind kind, std::string_view key, std::string_view body) {
  bool authorization = kind == Kind::authorization;
  nlohmann::json in = authorization ? parse_object(body, {"payment", "amount", "token"})
                                    : parse_object(body, {"payment", "amount", "reference", "target_key"});
  Call call;
  call.kind = kind;
  call.key = std::string(key);
  call.payment = string_field(in, "payment");
  call.token = string_field(in, "token");
  call.reference = string_field(in, "reference");
  call.target_key = string_field(in, "target_key");
  if (auto amount = in.find("amount"); amount != in.end()) {
    if (!amount->is_object()) throw std::invalid_argument("amount must be an object");
    call.amount = {string_field(*amount, "currency"), integer_field(*amount, "minor")};
  }
  return call;
}

nlohmann::json to_json(const LedgerEntry& entry) {
  nlohmann::json out = {{"sequence", entry.sequence},
                        {"at_micros", entry.at.time_since_epoch().count()},
                        {"kind", name(entry.kind)},
                        {"status", entry.done() ? "done" : "refused"},
                        {"id", entry.id},
                        {"key", entry.key},
                        {"payment", entry.payment},
                        {"authorization", entry.authorization},
                        {"amount", {{"currency", entry.amount.currency}, {"minor", entry.amount.minor}}},
                        {"fingerprint", entry.fingerprint}};
  if (!entry.token.empty()) out["token"] = entry.token;
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
  for (Kind k : {Kind::authorization, Kind::capture, Kind::void_, Kind::refund}) {
    if (kind != name(k)) continue;
    entry.kind = k;
    known = true;
  }
  if (!known) throw std::invalid_argument("unknown kind of operation: " + kind);
  entry.id = in.at("id").get<std::string>();
  entry.key = in.at("key").get<std::string>();
  entry.payment = in.at("payment").get<std::string>();
  entry.authorization = in.at("authorization").get<std::string>();
  entry.amount = {in.at("amount").at("currency").get<std::string>(), in.at("amount").at("minor").get<std::int64_t>()};
  entry.fingerprint = in.at("fingerprint").get<std::uint64_t>();
  entry.token = in.value("token", "");
  entry.code = in.value("code", "");
  entry.message = in.value("message", "");
  return entry;
}

}  // namespace ordersaga::simulators::payment_gateway
