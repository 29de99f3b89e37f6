#include "tools/verify/redecide.h"

#include <fmt/format.h>
#include <google/protobuf/arena.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include "events/codec.h"
#include "events/errors.h"
#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/saga/v1/operator.pb.h"
#include "schemas/error_codes.h"
#include "schemas/headers.h"
#include "schemas/lineage.h"

namespace ordersaga::verify {

namespace inventory = ordersaga::inventory::v1;
using google::protobuf::Message;

namespace {

constexpr std::string_view kTimer = "timer:";
// Of a SKU that was not short when another was: enough.
constexpr std::int64_t kPlenty = 1'000'000'000'000;

// Null when the bytes are none of the command.
Message* read_command(const log::v1::InputRecord& input, google::protobuf::Arena* arena) {
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(input.type());
  if (type == nullptr) return nullptr;
  Message* command = events::make_message(type, arena);
  bool ok = input.content_type() == headers::kJson ? google::protobuf::util::JsonStringToMessage(input.data(), command).ok()
                                                   : command->ParseFromString(input.data());
  return ok ? command : nullptr;
}

// Whether it never came to the turn: refused by what is not in the log, parked since it broke its turn, or an operator's
// word about a saga, which the orchestrator obeys by itself.
bool was_not_decided(const log::v1::InputRecord& input) {
  const std::string& code = input.error().code();
  return input.outcome() == common::v1::OUTCOME_EXPIRED || input.outcome() == common::v1::OUTCOME_FAILED ||
         code == error::kIdempotencyKeyMismatch || (code == error::kInvalidArgument && input.error().details().empty()) ||
         input.type() == saga::v1::RetryParkedInput::descriptor()->full_name() ||
         input.type() == saga::v1::DiscardParkedInput::descriptor()->full_name() ||
         input.type() == saga::v1::ResendRequest::descriptor()->full_name();
}

}  // namespace

void RedecideChecker::begin(const ShardSnapshot&) {
  cases_.clear();
  stock_items_.clear();
  orders_numbered_ = 0;
  group_ = {};
}

std::string RedecideChecker::key_of(const LogEntry& entry) {
  return entry.record.stream.empty() ? entry.metadata.key() : std::string(entry.stream.key);
}

bool RedecideChecker::belongs(const LogEntry& entry, const std::string& key) const {
  return !group_.records.empty() && entry.as<log::v1::InputRecord>() == nullptr && entry.cause() == group_.cause && key == group_.key &&
         entry.record.recorded_at == group_.records.front().event.recorded_at;
}

void RedecideChecker::see(const LogEntry& entry) {
  std::string key = key_of(entry);
  if (!belongs(entry, key)) {
    close();
    group_.key = std::move(key);
    group_.cause = entry.cause();
    group_.metadata = entry.metadata;
  }
  group_.records.push_back({entry.record, entry.cause()});
}

void RedecideChecker::end(const ShardSnapshot&) {
  close();
}

void RedecideChecker::close() {
  if (!group_.records.empty()) {
    try {
      decide_again();
      fold();
    } catch (const std::exception& error) {
      found(group_.cause, "an input that can be decided again", error.what());
    }
  }
  group_ = {};
}

void RedecideChecker::decide_again() {
  google::protobuf::Arena arena;
  aggregates::Context context{group_.records.front().event.recorded_at, &arena};
  const events::RecordedEvent& first = group_.records.front().event;
  if (first.stream.empty() && events::type_of(first.type) == log::v1::InputRecord::descriptor()) {
    auto* input = google::protobuf::Arena::CreateMessage<log::v1::InputRecord>(&arena);
    if (!input->ParseFromString(first.payload) || was_not_decided(*input)) return;
    const Message* command = read_command(*input, &arena);
    if (command == nullptr) return found(input->command_id(), "a command that can be read", fmt::format("no {}", input->type()));
    input->clear_outcome();
    input->clear_error();
    input->clear_stream();
    input->clear_version();
    judge(sagas::CommandInput{.message = command,
                              .key = group_.key,
                              .record = input,
                              .correlation_id = lineage_of(group_.metadata, group_.key).correlation_id,
                              .traceparent = group_.metadata.traceparent(),
                              .actor = group_.metadata.actor()},
          context);
  } else if (group_.cause.starts_with(kTimer)) {
    judge(sagas::WakeInput{group_.cause.substr(kTimer.size())}, context);
  }
}

void RedecideChecker::judge(const sagas::Input& input, const aggregates::Context& context) {
  ++decided_;
  sagas::WorkingSet known;
  if (auto item = stock_items_.find(group_.key); item != stock_items_.end()) known.stock_items[group_.key] = item->second;
  sagas::OrderCase& order_case = known.cases[group_.key];
  order_case.order_id = group_.key;
  if (auto found = cases_.find(group_.key); found != cases_.end()) order_case = found->second;
  known.orders_numbered[group_.records.front().event.shard] = orders_numbered_;
  show_levels(known.levels);
  compare(sagas::run_turn({&input, 1}, known, shards_, context));
}

// The levels that the decision says it has seen.
void RedecideChecker::show_levels(aggregates::stock::Levels& levels) const {
  for (const Record& record : group_.records) {
    const auto* type = events::type_of(record.event.type);
    if (type == order::v1::OrderPlaced::descriptor()) {
      order::v1::OrderPlaced placed;
      placed.ParseFromString(record.event.payload);
      for (const order::v1::OrderItem& item : placed.items()) levels[item.sku()];
    } else if (type == inventory::StockReserved::descriptor()) {
      inventory::StockReserved reserved;
      reserved.ParseFromString(record.event.payload);
      for (const inventory::Allocation& a : reserved.allocations())
        if (levels[a.sku()].find(a.location()) == nullptr) levels[a.sku()][a.location()] = {a.seen_on_hand(), a.seen_reserved()};
    } else if (type == inventory::StockReservationRejected::descriptor()) {
      inventory::StockReservationRejected rejected;
      rejected.ParseFromString(record.event.payload);
      for (const auto& [sku, locations] : levels) levels[sku]["seen"].on_hand = kPlenty;
      for (const inventory::Shortfall& s : rejected.shortfalls()) levels[s.sku()]["seen"].on_hand = s.available();
    } else if (log::v1::InputRecord input; type == log::v1::InputRecord::descriptor() && input.ParseFromString(record.event.payload) &&
                                           input.error().code() == error::kUnknownSku) {
      google::protobuf::Arena arena;
      const auto* command = dynamic_cast<const order::v1::PlaceOrder*>(read_command(input, &arena));
      if (command == nullptr) continue;
      for (const order::v1::OrderItem& item : command->items()) levels[item.sku()];
      for (const auto& detail : input.error().details()) levels.erase(detail.fields().at("sku").string_value());
    }
  }
}

void RedecideChecker::compare(const sagas::TurnResult& result) {
  google::protobuf::Arena arena;
  std::size_t common = std::min(result.records.size(), group_.records.size());
  for (std::size_t i = 0; i < common; ++i) {
    const events::RecordedEvent& stored = group_.records[i].event;
    const sagas::TurnRecord& now = result.records[i];
    std::string where = fmt::format("{}/{}", stored.shard.value, stored.position.value);
    auto title = [](std::string_view stream, Version version, const std::string& type) {
      return fmt::format("{} version {}: {}", stream, version.value, type);
    };
    std::string expected = title(stored.stream, stored.version, events::type_of(stored.type)->full_name());
    std::string again = title(now.stream, now.version, now.payload->GetTypeName());
    if (expected != again) return found(where, expected, "decided again: " + again);
    const Message* message = events::decode(stored, &arena);
    std::string differences;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&differences);
    if (!differencer.Compare(*message, *now.payload)) return found(where, expected + " as the log has it", "decided again: " + differences);
    std::string cause = lineage_of(*now.metadata, group_.key).causation_id;
    if (cause != group_.records[i].cause)
      return found(where, expected + " caused by " + group_.records[i].cause, "decided again: " + cause);
  }
  if (result.records.size() != group_.records.size())
    found(group_.cause, fmt::format("{} records, as the log has", group_.records.size()),
          fmt::format("decided again: {}", result.records.size()));
}

// The state goes on with what the log has.
void RedecideChecker::fold() {
  google::protobuf::Arena arena;
  for (const Record& record : group_.records) {
    if (record.event.stream.empty()) continue;
    std::optional<sagas::StreamName> name = sagas::parse_stream(record.event.stream);
    if (!name) throw events::BadData("a stream is called " + record.event.stream);
    const Message& message = *events::decode(record.event, &arena);
    if (message.GetDescriptor() == order::v1::OrderPlaced::descriptor()) ++orders_numbered_;
    if (name->kind == sagas::StreamKind::stock) {
      aggregates::stock::Event event;
      if (!aggregates::narrow(message, event)) throw events::BadData("no event of a stock item: " + message.GetTypeName());
      sagas::StockItem& item = stock_items_[group_.key];
      aggregates::stock::evolve(item.state, event);
      item.version = record.event.version;
      continue;
    }
    auto [it, is_new] = cases_.try_emplace(group_.key);
    if (is_new) it->second.order_id = group_.key;
    if (!sagas::apply(it->second, *name, record.event.version, message, record.event.recorded_at))
      throw events::BadData("stream " + record.event.stream + " has a " + message.GetTypeName());
  }
}

void RedecideChecker::found(const std::string& what, std::string expected, std::string found) {
  findings_.add({"I16", what, std::move(expected), std::move(found)});
}

}  // namespace ordersaga::verify
