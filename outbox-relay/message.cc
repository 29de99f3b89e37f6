#include "outbox-relay/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

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

std::string rfc3339(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), (time - seconds).count());
}

std::string id_of(const events::RecordedEvent& record) {
  return record.stream.empty() ? fmt::format("{}/{}", record.shard.value, record.position.value)
                               : fmt::format("{}/{}", record.stream, record.version.value);
}

void add(OutgoingMessage& m, std::string_view name, std::string_view value) {
  m.headers.push_back({std::string(name), std::string(value)});
}

void add_if(OutgoingMessage& m, std::string_view name, std::string_view value) {
  if (!value.empty()) add(m, name, value);
}

void add_lineage(OutgoingMessage& m, const RecordMetadata& metadata) {
  add_if(m, headers::kCorrelationId, metadata.correlation_id());
  add_if(m, headers::kCausationId, metadata.causation_id());
  add_if(m, headers::kTraceParent, metadata.traceparent());
}

// What every message of ours begins with.
void add_core(OutgoingMessage& m, std::string_view id, std::string_view type, Timestamp time) {
  m.headers.reserve(16);
  add(m, headers::kSpecVersion, headers::kSpecVersionValue);
  add(m, headers::kId, id);
  add(m, headers::kSource, kSource);
  add(m, headers::kType, type);
  add(m, headers::kTime, rfc3339(time));
  add(m, headers::kContentType, headers::kProtobuf);
  add(m, headers::kPartitionKey, *m.key);
}

OutgoingMessage event_of(const events::RecordedEvent& record, const Descriptor* type, const RecordMetadata& metadata, std::string key,
                         Epoch epoch) {
  OutgoingMessage m;
  m.topic = topics::kEvents;
  m.partition = record.shard.value;
  m.key = std::move(key);
  add_core(m, id_of(record), type->full_name(), record.recorded_at);
  if (!record.stream.empty()) {
    add(m, headers::kSubject, record.stream);
    add(m, headers::kSequence, std::to_string(record.version.value));
  }
  if (metadata.schema_version() > 1) add(m, headers::kDataSchema, fmt::format("{}/{}", type->full_name(), metadata.schema_version()));
  add(m, headers::kShard, std::to_string(record.shard.value));
  add(m, headers::kPosition, std::to_string(record.position.value));
  add(m, headers::kEpoch, std::to_string(epoch.value));
  add_if(m, headers::kActor, metadata.actor());
  add_lineage(m, metadata);
  return m;
}

void add_reply(std::vector<Message>& out, common::v1::CommandReply& reply, const log::v1::ReplyAddress& to, const std::string& key,
               const events::RecordedEvent& record, const RecordMetadata& metadata) {
  if (!is_reply_topic(to.topic())) return;
  reply.set_shard(record.shard.value);
  reply.set_position(record.position.value);
  OutgoingMessage m = events::reply_message(reply, to.topic(), key, reply.command_id() + "/reply", to.content_type() == headers::kJson);
  add(m, headers::kTime, rfc3339(record.recorded_at));
  add_if(m, headers::kCorrelationId, metadata.correlation_id());
  add_if(m, headers::kTraceParent, metadata.traceparent());
  out.push_back({Kind::reply, kRepliesRetention, std::move(m)});
}

void publish_input(std::vector<Message>& out, const events::RecordedEvent& record, const RecordMetadata& metadata) {
  InputRecord input;
  parse(input, record.payload, record);
  input.clear_data();
  OutgoingMessage& event = out.front().out;
  event.value = input.SerializeAsString();
  const bool later = input.outcome() == common::v1::OUTCOME_ACCEPTED && input.reply().when() == log::v1::REPLY_WHEN_COMPLETED;
  if (input.reply().topic().empty() || later) return;
  common::v1::CommandReply reply;
  reply.set_command_id(input.command_id());
  reply.set_outcome(input.outcome());
  reply.set_aggregate_id(std::string(stream_key(input.stream())));
  reply.set_version(input.version());
  if (input.has_error()) *reply.mutable_error() = input.error();
  log::v1::ReplyAddress to = input.reply();
  if (to.content_type().empty()) to.set_content_type(input.content_type());
  add_reply(out, reply, to, *event.key, record, metadata);
}

void publish_saga(std::vector<Message>& out, const events::RecordedEvent& record, const RecordMetadata& metadata) {
  SagaAdvanced advanced;
  parse(advanced, record.payload, record);
  if (!advanced.has_reply() || advanced.reply_to().topic().empty()) return;
  const std::string key = *out.front().out.key;
  add_reply(out, *advanced.mutable_reply(), advanced.reply_to(), key, record, metadata);
}

void publish_request(std::vector<Message>& out, const events::RecordedEvent& record, const RecordMetadata& metadata, Epoch epoch,
                     int shards) {
  NeighbourRequest request;
  parse(request, record.payload, record);
  OutgoingMessage m;
  m.topic = topics::kCommands;
  m.partition = shard_of(request.key(), shards).value;
  m.key = request.key();
  add_core(m, fmt::format("{}-{}-{}", epoch.value, record.shard.value, record.position.value), request.type(), record.recorded_at);
  add_lineage(m, metadata);
  m.value = std::move(*request.mutable_data());
  out.push_back({Kind::request, kCommandsRetention, std::move(m)});
}

template <class Int>
bool read_number(const ConsumedMessage& message, std::string_view name, Int& out) {
  const std::optional<std::string_view> text = message.header(name);
  if (!text) return false;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  return error == std::errc() && end == text->data() + text->size();
}

}  // namespace

std::vector<Message> messages_of(const events::RecordedEvent& record, Epoch epoch, int shards) {
  const Descriptor* type = type_of(record);
  RecordMetadata metadata;
  parse(metadata, record.metadata, record);
  std::string key(record.stream.empty() ? std::string_view(metadata.key()) : stream_key(record.stream));
  std::vector<Message> out;
  out.push_back({Kind::event, kEventsRetention, event_of(record, type, metadata, std::move(key), epoch)});
  if (is<InputRecord>(type)) {
    publish_input(out, record, metadata);
    return out;
  }
  out.front().out.value = record.payload;
  if (is<SagaAdvanced>(type)) publish_saga(out, record, metadata);
  if (is<NeighbourRequest>(type)) publish_request(out, record, metadata, epoch, shards);
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
