#include "tools/sagactl/log_view.h"

#include <fmt/format.h>

#include "events/codec.h"
#include "events/errors.h"
#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "schemas/headers.h"
#include "schemas/lineage.h"
#include "schemas/streams.h"
#include "tools/sagactl/exit_code.h"

namespace ordersaga::sagactl {

namespace {

namespace inventory = ordersaga::inventory::v1;
namespace payment = ordersaga::payment::v1;

std::string short_type(std::string_view full_name) {
  return std::string(full_name.substr(full_name.rfind('.') + 1));
}

std::string summary(const Json& payload) {
  constexpr std::size_t kMax = 100;
  std::string text = payload.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kMax) return text;
  std::size_t cut = kMax;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;  // not inside a character
  return text.substr(0, cut) + "…";
}

void finish(Json& row, const std::string& full_name, Json payload) {
  row["type"] = full_name;
  row["name"] = short_type(full_name);
  row["payload"] = std::move(payload);
  row["summary"] = summary(row["payload"]);
}

Json unreadable(const std::string& why, std::size_t bytes) {
  return {{"unreadable", why}, {"bytes", bytes}};
}

template <class M>
bool is(const google::protobuf::Message& message) {
  return message.GetDescriptor() == M::descriptor();
}

template <class Allocations>
std::int64_t units(const Allocations& allocations) {
  std::int64_t sum = 0;
  for (const inventory::Allocation& a : allocations) sum += a.quantity();
  return sum;
}

}  // namespace

const std::vector<Field>& event_fields() {
  static const std::vector<Field> fields = {{"place", "PLACE"},
                                            {"shard", "", Kind::number, Show::never},
                                            {"position", "", Kind::number, Show::never},
                                            {"stream", "STREAM"},
                                            {"version", "VERSION", Kind::number},
                                            {"recorded_at", "WHEN", Kind::time},
                                            {"actor", "BY", Kind::text, Show::wide},
                                            {"causation_id", "CAUSE", Kind::text, Show::wide},
                                            {"correlation_id", "", Kind::text, Show::never},
                                            {"type", "", Kind::text, Show::never},
                                            {"name", "EVENT"},
                                            {"payload", "", Kind::text, Show::never},
                                            {"summary", "PAYLOAD"}};
  return fields;
}

Json to_row(const events::RecordedEvent& record) {
  Json row = {{"place", fmt::format("{}/{}", record.shard.value, record.position.value)},
              {"shard", record.shard.value},
              {"position", record.position.value},
              {"stream", record.stream},
              {"version", record.version.value},
              {"recorded_at", iso(record.recorded_at)}};
  log::v1::RecordMetadata metadata;
  if (metadata.ParseFromString(record.metadata)) {
    std::string key = record.stream.empty() ? metadata.key() : std::string(stream_key(record.stream));
    Lineage lineage = lineage_of(metadata, key);
    row["actor"] = lineage.actor;
    row["causation_id"] = lineage.causation_id;
    row["correlation_id"] = lineage.correlation_id;
    row["key"] = metadata.key();
  }
  const auto* type = events::type_of(record.type);
  if (type == nullptr) {
    finish(row, fmt::format("type {}", record.type.value), unreadable("this program does not know the type", record.payload.size()));
    return row;
  }
  google::protobuf::Arena arena;
  try {
    finish(row, type->full_name(), to_json(*events::decode(record, &arena)));
  } catch (const events::BadData& error) {
    finish(row, type->full_name(), unreadable(error.what(), record.payload.size()));
  }
  return row;
}

Json to_row(const runtime::kafka::ConsumedMessage& message) {
  auto header = [&](std::string_view name) { return std::string(message.header(name).value_or("")); };
  std::string shard = header(headers::kShard), position = header(headers::kPosition);
  Json row = {{"topic", message.topic},
              {"partition", message.partition},
              {"offset", message.offset},
              {"key", message.key.value_or("")},
              {"place", shard.empty() ? fmt::format("{}@{}", message.partition, message.offset) : shard + "/" + position},
              {"stream", header(headers::kSubject)},
              {"version", header(headers::kSequence)},
              {"recorded_at", iso(Timestamp(message.timestamp))},
              {"actor", header(headers::kActor)},
              {"causation_id", header(headers::kCausationId)},
              {"correlation_id", header(headers::kCorrelationId)}};
  Json all = Json::object();
  for (const runtime::kafka::Header& h : message.headers) all[h.name] = h.value;
  row["headers"] = std::move(all);
  std::string type = header(headers::kType);
  if (header(headers::kContentType) == headers::kJson) {
    Json payload = Json::parse(message.value, nullptr, false);
    finish(row, type, payload.is_discarded() ? unreadable("no JSON", message.value.size()) : payload);
    return row;
  }
  const auto* descriptor = events::find_message(type);
  if (descriptor == nullptr) {
    finish(row, type, unreadable(type.empty() ? "the message names no type" : "this program does not know the type", message.value.size()));
    return row;
  }
  google::protobuf::Arena arena;
  auto* payload = events::make_message(descriptor, &arena);
  finish(row, type, payload->ParseFromString(message.value) ? to_json(*payload) : unreadable("no " + type, message.value.size()));
  return row;
}

bool is_type(std::string_view pattern, std::string_view full_name) {
  auto matches = [&](std::string_view name) {
    if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return name == pattern;
  };
  return matches(full_name) || matches(full_name.substr(full_name.rfind('.') + 1));
}

std::vector<SagaRecord> saga_records(const std::vector<events::RecordedEvent>& records) {
  std::vector<SagaRecord> sagas;
  for (const events::RecordedEvent& record : records) {
    if (events::type_of(record.type) != saga::v1::SagaAdvanced::descriptor()) continue;
    SagaRecord& saga = sagas.emplace_back();
    saga.stream = record.stream;
    saga.at = record.recorded_at;
    if (!saga.advanced.ParseFromString(record.payload))
      throw Failure(ExitCode::failed, fmt::format("{}/{} cannot be read", record.stream, record.version.value), "sagactl verify all");
  }
  return sagas;
}

void add_facts(OrderFacts& facts, const events::RecordedEvent& record) {
  if (events::type_of(record.type) == nullptr) return;
  google::protobuf::Arena arena;
  const google::protobuf::Message* m = events::decode(record, &arena);
  auto as = [&](auto* wanted) { return is<std::remove_pointer_t<decltype(wanted)>>(*m) ? static_cast<decltype(wanted)>(m) : nullptr; };
  if (const auto* placed = as(static_cast<const order::v1::OrderPlaced*>(nullptr))) {
    facts.currency = placed->totals().currency_code();
  } else if (const auto* authorized = as(static_cast<const payment::PaymentAuthorized*>(nullptr))) {
    facts.authorized += authorized->amount().amount_minor();
  } else if (const auto* captured = as(static_cast<const payment::PaymentCaptured*>(nullptr))) {
    facts.captured += captured->amount().amount_minor();
  } else if (const auto* refunded = as(static_cast<const payment::PaymentRefunded*>(nullptr))) {
    facts.refunded += refunded->amount().amount_minor();
  } else if (is<payment::AuthorizationVoided>(*m)) {
    facts.voided = true;
  } else if (const auto* reserved = as(static_cast<const inventory::StockReserved*>(nullptr))) {
    facts.reserved += units(reserved->allocations());
  } else if (const auto* released = as(static_cast<const inventory::StockReleased*>(nullptr))) {
    facts.released += units(released->allocations());
  } else if (const auto* consumed = as(static_cast<const inventory::ReservationConsumed*>(nullptr))) {
    facts.shipped += units(consumed->allocations());
  }
}

}  // namespace ordersaga::sagactl
