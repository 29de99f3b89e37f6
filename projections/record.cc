#include "projections/record.h"

#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "events/codec.h"
#include "events/errors.h"
#include "ordersaga/log/v1/record.pb.h"
#include "schemas/headers.h"
#include "schemas/lineage.h"
#include "schemas/streams.h"

namespace ordersaga::projections {

namespace {

using google::protobuf::Descriptor;

// Types that may stand in the log, by name. The log's own enumeration, so that no command passes for an event.
const Descriptor* find_type(std::string_view full_name) {
  static const auto by_name = [] {
    std::map<std::string, const Descriptor*, std::less<>> all;
    for (const events::RecordType& t : events::record_types()) all.emplace(t.descriptor->full_name(), t.descriptor);
    return all;
  }();
  auto found = by_name.find(full_name);
  return found == by_name.end() ? nullptr : found->second;
}

template <class Int>
std::optional<Int> parse_number(std::string_view text) {
  Int value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "2026-11-21T07:40:02.114000Z", with up to six decimals.
std::optional<Timestamp> parse_time(std::string_view text) {
  if (text.size() < 20 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  auto year = parse_number<int>(text.substr(0, 4));
  auto month = parse_number<unsigned>(text.substr(5, 2));
  auto day = parse_number<unsigned>(text.substr(8, 2));
  auto hour = parse_number<unsigned>(text.substr(11, 2));
  auto minute = parse_number<unsigned>(text.substr(14, 2));
  auto second = parse_number<unsigned>(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  std::int64_t micros = 0;
  if (text.size() > 20) {
    std::string_view decimals = text.substr(20, text.size() - 21);
    auto fraction = parse_number<unsigned>(decimals);
    if (text[19] != '.' || !fraction || decimals.size() > 6) return std::nullopt;
    micros = *fraction;
    for (std::size_t i = decimals.size(); i < 6; ++i) micros *= 10;
  }
  std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + std::chrono::microseconds(micros);
}

// What a reader of headers has found wrong first.
class Headers {
 public:
  explicit Headers(const runtime::kafka::ConsumedMessage& message) : message_(message) {}

  std::string_view text(std::string_view name) {
    auto value = message_.header(name);
    if (!value) fail(std::string(name) + " is missing");
    return value.value_or(std::string_view());
  }
  std::string_view optional_text(std::string_view name) const { return message_.header(name).value_or(std::string_view()); }
  template <class Int>
  Int number(std::string_view name, Int least) {
    std::string_view value = text(name);
    auto parsed = parse_number<Int>(value);
    if (parsed && *parsed >= least) return *parsed;
    fail(std::string(name) + " is no number of its kind");
    return least;
  }
  void fail(std::string reason) {
    if (reason_.empty()) reason_ = std::move(reason);
  }
  const std::string& reason() const { return reason_; }

 private:
  const runtime::kafka::ConsumedMessage& message_;
  std::string reason_;
};

// "<type>/<schema version>" as metadata; empty for the first version.
std::string metadata_of_schema(std::string_view data_schema, Headers& headers) {
  if (data_schema.empty()) return {};
  std::size_t slash = data_schema.rfind('/');
  auto version = slash == std::string_view::npos ? std::nullopt : parse_number<std::uint32_t>(data_schema.substr(slash + 1));
  if (!version) headers.fail("ce_dataschema does not end with a version");
  if (version.value_or(1) <= 1) return {};
  log::v1::RecordMetadata metadata;
  metadata.set_schema_version(*version);
  return metadata.SerializeAsString();
}

}  // namespace

Record from_log(events::RecordedEvent event) {
  Record record;
  log::v1::RecordMetadata metadata;
  if (!metadata.ParseFromString(event.metadata)) record.defect = "its metadata cannot be read";
  record.key = event.stream.empty() ? metadata.key() : std::string(stream_key(event.stream));
  record.actor = actor_of(metadata);
  record.type = events::type_of(event.type);
  if (!record.type) record.unknown_type = "#" + std::to_string(event.type.value);
  record.event = std::move(event);
  return record;
}

std::variant<MessageRecord, NoRecord> read_message(runtime::kafka::ConsumedMessage&& message) {
  Headers headers(message);
  MessageRecord read;
  events::RecordedEvent& event = read.record.event;
  event.shard = Shard(headers.number<std::int16_t>(headers::kShard, 0));
  event.position = Position(headers.number<std::int64_t>(headers::kPosition, 1));
  read.epoch = Epoch(headers.number<std::int32_t>(headers::kEpoch, 0));
  if (event.shard.value != message.partition) headers.fail("ce_shard is not the partition");
  event.stream = headers.optional_text(headers::kSubject);
  if (!event.stream.empty()) event.version = Version(headers.number<std::int32_t>(headers::kSequence, 1));
  auto time = parse_time(headers.text(headers::kTime));
  if (!time) headers.fail("ce_time is no UTC time");
  event.recorded_at = time.value_or(Timestamp());
  std::string_view type_name = headers.text(headers::kType);
  event.metadata = metadata_of_schema(headers.optional_text(headers::kDataSchema), headers);
  if (!message.key) headers.fail("the message has no key");
  if (!headers.reason().empty()) return NoRecord{headers.reason()};

  read.record.key = std::move(*message.key);
  read.record.actor = headers.optional_text(headers::kActor);
  read.record.type = find_type(type_name);
  if (read.record.type)
    event.type = events::number_of(read.record.type);
  else
    read.record.unknown_type = type_name;
  event.payload = std::move(message.value);
  return read;
}

bool decode(Record& record, google::protobuf::Arena* arena) {
  if (record.type == nullptr) record.defect = "this program does not know the type " + record.unknown_type;
  if (!record.defect.empty()) return false;
  try {
    record.message = events::decode(record.event, arena);
    return true;
  } catch (const events::BadData& bad) {
    record.defect = bad.what();
    return false;
  }
}

}  // namespace ordersaga::projections
