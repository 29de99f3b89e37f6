#include "outbox-relay/message.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <charconv>

#include "events/codec.h"
#include "events/errors.h"
#include "events/reply_message.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "outbox-relay/topics.h"
#include "schemas/headers.h"
#include "schemas/streams.h"

namespace ordersaga::relay {

namespace {

using google::protobuf::Descriptor;
using log::v1::InputRecord;
using log::v1::NeighbourRequest;
using log::v1::RecordMetadata;
using runtime::kafka::ConsumedMessage;
using runtime::kafka::Header;
using runtime::kafka::OutgoingMessage;
using saga::v1::SagaAdvanced;

constexpr std::string_view kSource = "ordersaga";

template <class M>
bool is(const Descriptor* type) {
  static const Descriptor* const wanted = M::descriptor();
  return type == wanted;
}

[[noreturn]] void unreadable(const events::RecordedEvent& record, std::string_view why) {
  throw events::BadData(fmt::format("record {}/{}: {}", record.shard.value, record.position.value, why));
}

const Descriptor* type_of(const events::RecordedEvent& record) {
  const Descriptor* type = events::type_of(record.type);
  if (type == nullptr) unreadable(record, fmt::format("its type {} is not known to this program", record.type.value));
  return type;
}

template <class M>
void parse(M& message, std::string_view bytes, const events::RecordedEvent& record) {
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) unreadable(record, "it cannot be read as what its type says");
}

// Whether the message has the field, told without making its other parts. True when the bytes are broken: who parses them
// says so.
bool may_have_field(std::string_view bytes, int number) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag())
    if (WireFormatLite::GetTagFieldNumber(tag) == number || !WireFormatLite::SkipField(&in, tag)) return true;
  return !in.ConsumedEntireMessage();
}

// A number of as many digits as there are places.
void put_digits(char* at, int places, std::int64_t number) {
  for (char* p = at + places; p != at; number /= 10) *--p = static_cast<char>('0' + number % 10);
}

std::string rfc3339(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::int64_t micros = (time - day).count();
  std::string text = "0000-00-00T00:00:00.000000Z";
  put_digits(text.data(), 4, static_cast<int>(date.year()));
  put_digits(text.data() + 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text.data() + 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text.data() + 11, 2, micros / 3'600'000'000);
  put_digits(text.data() + 14, 2, micros / 60'000'000 % 60);
  put_digits(text.data() + 17, 2, micros / 1'000'000 % 60);
  put_digits(text.data() + 20, 6, micros % 1'000'000);
  return text;
}

template <class Int>
std::string_view text_of(Int number, std::array<char, 24>& in) {
  return {in.data(), static_cast<std::size_t>(std::to_chars(in.data(), in.data() + in.size(), number).ptr - in.data())};
}

template <class Int>
void append_number(std::string& out, Int number) {
  std::array<char, 24> digits;
  out.append(text_of(number, digits));
}

void write_id(std::string& id, const events::RecordedEvent& record) {
  if (record.stream.empty()) {
    id.clear();
    append_number(id, record.shard.value);
    id += '/';
    append_number(id, record.position.value);
  } else {
    id.assign(record.stream) += '/';
    append_number(id, record.version.value);
  }
}

std::string id_of(const events::RecordedEvent& record) {
  std::string id;
  write_id(id, record);
  return id;
}

void add(OutgoingMessage& m, std::string_view name, std::string_view value) {
  m.headers.push_back({std::string(name), std::string(value)});
}

void add_if(OutgoingMessage& m, std::string_view name, std::string_view value) {
  if (!value.empty()) add(m, name, value);
}

void add_lineage(OutgoingMessage& m, const RecordMetadata& metadata, const Lineage& lineage) {
  add_if(m, headers::kCorrelationId, lineage.correlation_id);
  add_if(m, headers::kCausationId, lineage.causation_id);
  add_if(m, headers::kTraceParent, metadata.traceparent());
}

template <class Int>
bool read_number(const ConsumedMessage& message, std::string_view name, Int& out) {
  const std::optional<std::string_view> text = message.header(name);
  if (!text) return false;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  return error == std::errc() && end == text->data() + text->size();
}

}  // namespace

std::string_view Composer::time_text(Timestamp time) {
  // The records of a turn have one time.
  if (time != time_ || time_text_.empty()) {
    time_ = time;
    time_text_ = rfc3339(time);
  }
  return time_text_;
}

const std::vector<Composer::Composed>& Composer::compose(const events::RecordedEvent& record, Epoch epoch) {
  const Descriptor* type = type_of(record);
  parse(metadata_, record.metadata, record);
  key_ = record.stream.empty() ? std::string_view(metadata_.key()) : stream_key(record.stream);
  lineage_ = lineage_of(metadata_, key_);
  composed_.clear();
  event(record, type, epoch);
  if (is<InputRecord>(type)) input(record);
  if (is<SagaAdvanced>(type)) saga(record);
  if (is<NeighbourRequest>(type)) request(record, epoch);
  return composed_;
}

void Composer::event(const events::RecordedEvent& record, const Descriptor* type, Epoch epoch) {
  const auto add_header = [this](std::string_view name, std::string_view value) { headers_.push_back({name, value}); };
  const auto add_if_any = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) add_header(name, value);
  };
  headers_.clear();
  write_id(id_, record);
  add_header(headers::kSpecVersion, headers::kSpecVersionValue);
  add_header(headers::kId, id_);
  add_header(headers::kSource, kSource);
  add_header(headers::kType, type->full_name());
  add_header(headers::kTime, time_text(record.recorded_at));
  add_header(headers::kContentType, headers::kProtobuf);
  add_header(headers::kPartitionKey, key_);
  if (!record.stream.empty()) {
    add_header(headers::kSubject, record.stream);
    add_header(headers::kSequence, text_of(record.version.value, version_));
  }
  if (metadata_.schema_version() > 1) {
    schema_ = fmt::format("{}/{}", type->full_name(), metadata_.schema_version());
    add_header(headers::kDataSchema, schema_);
  }
  add_header(headers::kShard, text_of(record.shard.value, shard_));
  add_header(headers::kPosition, text_of(record.position.value, position_));
  add_header(headers::kEpoch, text_of(epoch.value, epoch_));
  add_if_any(headers::kActor, lineage_.actor);
  add_if_any(headers::kCorrelationId, lineage_.correlation_id);
  add_if_any(headers::kCausationId, lineage_.causation_id);
  add_if_any(headers::kTraceParent, metadata_.traceparent());
  composed_.push_back({Kind::event, kEventsRetention, {topics::kEvents, record.shard.value, key_, record.payload, headers_}});
}

void Composer::input(const events::RecordedEvent& record) {
  parse(input_, record.payload, record);
  input_.clear_data();
  value_.clear();
  input_.AppendToString(&value_);
  composed_.front().out.value = value_;
  const bool later = input_.outcome() == common::v1::OUTCOME_ACCEPTED && input_.reply().when() == log::v1::REPLY_WHEN_COMPLETED;
  if (input_.reply().topic().empty() || later) return;
  common::v1::CommandReply answer;
  answer.set_command_id(input_.command_id());
  answer.set_outcome(input_.outcome());
  answer.set_aggregate_id(std::string(stream_key(input_.stream())));
  answer.set_version(input_.version());
  if (input_.has_error()) *answer.mutable_error() = input_.error();
  log::v1::ReplyAddress to = input_.reply();
  if (to.content_type().empty()) to.set_content_type(input_.content_type());
  reply(answer, to, record);
}

void Composer::saga(const events::RecordedEvent& record) {
  if (!may_have_field(record.payload, SagaAdvanced::kReplyFieldNumber)) return;  // few have
  parse(saga_, record.payload, record);
  if (!saga_.has_reply() || saga_.reply_to().topic().empty()) return;
  common::v1::CommandReply& answer = *saga_.mutable_reply();
  answer.set_command_id(id_text(saga_.replied()));
  answer.set_aggregate_id(std::string(key_));
  reply(answer, saga_.reply_to(), record);
}

void Composer::reply(common::v1::CommandReply& answer, const log::v1::ReplyAddress& to, const events::RecordedEvent& record) {
  if (!is_reply_topic(to.topic())) return;
  answer.set_shard(record.shard.value);
  answer.set_position(record.position.value);
  other_ =
      events::reply_message(answer, to.topic(), std::string(key_), answer.command_id() + "/reply", to.content_type() == headers::kJson);
  add(other_, headers::kTime, time_text(record.recorded_at));
  add_if(other_, headers::kCorrelationId, lineage_.correlation_id);
  add_if(other_, headers::kTraceParent, metadata_.traceparent());
  add_other(Kind::reply, kRepliesRetention);
}

void Composer::request(const events::RecordedEvent& record, Epoch epoch) {
  NeighbourRequest request;
  parse(request, record.payload, record);
  other_ = OutgoingMessage();
  other_.topic = topics::kCommands;
  other_.partition = shard_of(request.key(), shards_).value;
  other_.key = request.key();
  add(other_, headers::kSpecVersion, headers::kSpecVersionValue);
  add(other_, headers::kId, fmt::format("{}-{}-{}", epoch.value, record.shard.value, record.position.value));
  add(other_, headers::kSource, kSource);
  add(other_, headers::kType, request.type());
  add(other_, headers::kTime, time_text(record.recorded_at));
  add(other_, headers::kContentType, headers::kProtobuf);
  add(other_, headers::kPartitionKey, request.key());
  add_lineage(other_, metadata_, lineage_);
  other_.value = std::move(*request.mutable_data());
  add_other(Kind::request, kCommandsRetention);
}

void Composer::add_other(Kind kind, std::chrono::hours keep) {
  other_headers_.clear();
  for (const Header& h : other_.headers) other_headers_.push_back({h.name, h.value});
  composed_.push_back({kind, keep, {other_.topic, other_.partition, other_.key, other_.value, other_headers_}});
}

std::vector<Message> messages_of(const events::RecordedEvent& record, Epoch epoch, int shards) {
  Composer composer(shards);
  std::vector<Message> out;
  for (const Composer::Composed& c : composer.compose(record, epoch)) out.push_back({c.kind, c.keep, c.out.copy()});
  return out;
}

std::optional<Place> place_of(const ConsumedMessage& message) {
  Place place;
  if (!read_number(message, headers::kShard, place.shard.value) || !read_number(message, headers::kPosition, place.position.value) ||
      !read_number(message, headers::kEpoch, place.epoch.value) || place.position.value < 1)
    return std::nullopt;
  return place;
}

bool is_same(const ConsumedMessage& message, const events::RecordedEvent& record) {
  const Descriptor* type = type_of(record);
  if (message.header(headers::kId) != id_of(record) || message.header(headers::kType) != type->full_name() ||
      message.header(headers::kTime) != rfc3339(record.recorded_at))
    return false;
  if (!is<InputRecord>(type)) return message.value == record.payload;
  // Written again, possibly by another version of Protobuf: compared as a message.
  InputRecord sent;
  InputRecord kept;
  parse(kept, record.payload, record);
  kept.clear_data();
  return sent.ParseFromString(message.value) && sent.SerializeAsString() == kept.SerializeAsString();
}

}  // namespace ordersaga::relay
