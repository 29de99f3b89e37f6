#include "consumers/command_reader.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <openssl/sha.h>

#include <algorithm>
#include <charconv>

#include "consumers/routes.h"
#include "events/codec.h"
#include "schemas/error_codes.h"
#include "schemas/headers.h"

namespace ordersaga::consumers {
namespace {

namespace log = ordersaga::log::v1;
namespace common = ordersaga::common::v1;
using google::protobuf::Arena;
using google::protobuf::Message;
using runtime::kafka::ConsumedMessage;

std::string text(std::optional<std::string_view> header) {
  return std::string(header.value_or(std::string_view{}));
}

bool is_reply_topic(std::string_view topic) {
  if (!topic.starts_with(topics::kRepliesPrefix) || topic.size() > 200) return false;
  for (char c : topic)
    if (!(std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-')) return false;
  return true;
}

bool is_json(const ConsumedMessage& m) {
  return m.header(headers::kContentType).value_or("").starts_with(headers::kJson);
}

std::string hash_of(std::string_view type, std::string_view value) {
  std::string all;
  all.reserve(type.size() + 1 + value.size());
  all.append(type).append(1, '\0').append(value);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest);
  return {reinterpret_cast<const char*>(digest), 16};
}

UnreadableCommand unreadable(const ConsumedMessage& m, std::string message) {
  UnreadableCommand u{.code = std::string(error::kInvalidArgument), .message = std::move(message), .reply_topic = {}, .command_id = {}};
  if (std::string topic = text(m.header(headers::kReplyTo)); is_reply_topic(topic)) u.reply_topic = std::move(topic);
  u.command_id = text(m.header(headers::kId)).substr(0, 64);
  u.reply_in_json = is_json(m);
  return u;
}

// Parses the value; the reason when it is not what its type says.
std::optional<std::string> parse(const ConsumedMessage& m, Message& into) {
  if (!is_json(m)) {
    if (into.ParseFromString(m.value)) return std::nullopt;
    return "the value is no Protobuf of " + into.GetTypeName();
  }
  google::protobuf::util::Status status = google::protobuf::util::JsonStringToMessage(m.value, &into);
  if (status.ok()) return std::nullopt;
  return "the value is no JSON of " + into.GetTypeName() + ": " + std::string(status.message().as_string()).substr(0, 200);
}

// What is wrong with headers that the command could be answered without.
std::optional<std::string> read_reply(const ConsumedMessage& m, log::InputRecord& record) {
  std::string topic = text(m.header(headers::kReplyTo));
  std::string_view when = m.header(headers::kReplyWhen).value_or(headers::kReplyWhenAccepted);
  if (topic.empty()) return std::nullopt;
  if (!is_reply_topic(topic)) return std::string(headers::kReplyTo) + " must begin with " + std::string(topics::kRepliesPrefix);
  record.mutable_reply()->set_topic(topic);
  if (!record.content_type().empty()) record.mutable_reply()->set_content_type(record.content_type());
  record.mutable_reply()->set_when(when == headers::kReplyWhenCompleted ? log::REPLY_WHEN_COMPLETED : log::REPLY_WHEN_ACCEPTED);
  if (when == headers::kReplyWhenCompleted || when == headers::kReplyWhenAccepted) return std::nullopt;
  return std::string(headers::kReplyWhen) + " must be accepted or completed";
}

std::optional<std::string> read_expiry(const ConsumedMessage& m, std::optional<Timestamp>& expires_at) {
  std::optional<std::string_view> header = m.header(headers::kExpiryTime);
  if (!header) return std::nullopt;
  google::protobuf::Timestamp t;
  if (!google::protobuf::util::TimeUtil::FromString(std::string(*header), &t))
    return std::string(headers::kExpiryTime) + " is no RFC 3339 time";
  expires_at = Timestamp(std::chrono::microseconds(google::protobuf::util::TimeUtil::TimestampToMicroseconds(t)));
  return std::nullopt;
}

std::string id_or_default(const ConsumedMessage& m, std::string_view header, const std::string& otherwise) {
  std::string value = text(m.header(header));
  return value.empty() ? otherwise : value;
}

}  // namespace

std::chrono::sys_time<std::chrono::milliseconds> first_appended(const ConsumedMessage& m) {
  const std::string_view text = m.header(kFirstAppendedHeader).value_or("");
  std::int64_t millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (error != std::errc() || end != text.data() + text.size() || millis <= 0) return m.timestamp;
  return std::min(m.timestamp, std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(millis)));
}

runtime::kafka::OutgoingMessage forwarded(const ConsumedMessage& m, Shard right) {
  runtime::kafka::OutgoingMessage out{m.topic, right.value, m.key, m.value, m.headers};
  std::erase_if(out.headers, [](const runtime::kafka::Header& h) { return h.name == kFirstAppendedHeader; });
  if (const auto first = first_appended(m).time_since_epoch().count(); first > 0)
    out.headers.push_back({std::string(kFirstAppendedHeader), std::to_string(first)});
  return out;
}

Reading read_command(const ConsumedMessage& m, int shards, Arena* arena) {
  if (!m.key || m.key->empty()) return unreadable(m, "the record has no key");
  if (!is_valid_id(*m.key)) return unreadable(m, "the key must be 1 to 64 characters of [A-Za-z0-9._:-]");
  if (m.value.size() > kMaxCommandBytes) return unreadable(m, "the value is larger than 256 KiB");
  std::string id = text(m.header(headers::kId));
  if (!is_valid_id(id)) return unreadable(m, std::string(headers::kId) + " must be 1 to 64 characters of [A-Za-z0-9._:-]");
  std::string key_header = id_or_default(m, headers::kIdempotencyKey, id);
  if (!is_valid_id(key_header))
    return unreadable(m, std::string(headers::kIdempotencyKey) + " must be 1 to 64 characters of [A-Za-z0-9._:-]");
  std::string type = text(m.header(headers::kType));
  const bool from_operator = is_operators(m);
  const google::protobuf::Descriptor* descriptor = find_command(type, from_operator ? Sender::an_operator : Sender::a_client);
  std::optional<std::string> wrong;
  Message* command = nullptr;
  if (descriptor == nullptr) {
    wrong = type.empty() ? std::string(headers::kType) + " is missing" : "no command is called " + type.substr(0, 200);
  } else {
    if (Shard right = shard_of(*m.key, shards); right.value != m.partition && !from_operator) return MisplacedCommand{right};
    command = events::make_message(descriptor, arena);
    wrong = parse(m, *command);
  }
  if (wrong && !from_operator) return unreadable(m, std::move(*wrong));

  auto* record = Arena::CreateMessage<log::InputRecord>(arena);
  record->set_command_id(id);
  record->set_type(type);
  if (is_json(m)) record->set_content_type(std::string(headers::kJson));
  if (key_header != id) record->set_idempotency_key(key_header);
  record->set_topic(m.topic);
  record->set_partition(m.partition);
  record->set_offset(m.offset);
  record->set_data(m.value);

  ReadableCommand read{.input = {.message = command,
                                 .key = *m.key,
                                 .record = record,
                                 .correlation_id = id_or_default(m, headers::kCorrelationId, id).substr(0, 128),
                                 .traceparent = text(m.header(headers::kTraceParent)).substr(0, 64),
                                 .actor = from_operator ? text(m.header(headers::kActor)) : std::string()},
                       .inbox_id = key_header,
                       .hash = hash_of(type, m.value),
                       .expires_at = std::nullopt};
  if (!wrong) wrong = read_reply(m, *record);
  if (!wrong) wrong = read_expiry(m, read.expires_at);
  if (!wrong && key_named_by(*command) != *m.key) wrong = "the record's key is not the id that the command names";
  if (wrong) refuse(read.input, common::OUTCOME_REJECTED, error::kInvalidArgument, *wrong);
  return read;
}

ConsumedMessage as_message(events::OperatorCommand&& command) {
  ConsumedMessage m;
  m.topic = std::string(kOperatorTopic);
  m.partition = command.shard.value;
  m.offset = command.id;
  m.key = std::move(command.key);
  m.value = std::move(command.data);
  m.headers = {{std::string(headers::kId), std::move(command.message_id)},
               {std::string(headers::kType), std::move(command.type)},
               {std::string(headers::kContentType), std::move(command.content_type)},
               {std::string(headers::kActor), "operator:" + command.actor}};
  return m;
}

void refuse(sagas::CommandInput& input, common::Outcome outcome, std::string_view code, std::string_view message) {
  input.message = nullptr;
  input.record->set_outcome(outcome);
  input.record->mutable_error()->set_code(std::string(code));
  input.record->mutable_error()->set_message(std::string(message));
}

}  // namespace ordersaga::consumers
