// Names on Kafka: the headers of our messages (CloudEvents 1.0.2, binary mode) and our topics.
#pragma once

#include <string_view>

namespace ordersaga::headers {

// CloudEvents' core.
inline constexpr std::string_view kSpecVersion = "ce_specversion";
inline constexpr std::string_view kSpecVersionValue = "1.0";
// An event's: "<stream>/<version>"; a record's that belongs to no stream: "<shard>/<position>".
inline constexpr std::string_view kId = "ce_id";
inline constexpr std::string_view kSource = "ce_source";
// Full name of the Protobuf message in the value.
inline constexpr std::string_view kType = "ce_type";
// The stream; absent in records that belong to none.
inline constexpr std::string_view kSubject = "ce_subject";
// recorded_at, RFC 3339 in UTC with six decimals: "2026-11-21T07:40:02.114000Z".
inline constexpr std::string_view kTime = "ce_time";
// "<ce_type>/<schema version>"; absent: version 1. The bytes in the value are as they were recorded, so a reader
// upcasts them.
inline constexpr std::string_view kDataSchema = "ce_dataschema";
inline constexpr std::string_view kContentType = "content-type";
inline constexpr std::string_view kProtobuf = "application/protobuf";
inline constexpr std::string_view kJson = "application/json";

// CloudEvents' extensions. Numbers are decimal.
inline constexpr std::string_view kPartitionKey = "ce_partitionkey";
// The version in the stream; absent in records that belong to none.
inline constexpr std::string_view kSequence = "ce_sequence";

// Place in the log.
inline constexpr std::string_view kShard = "ce_shard";
inline constexpr std::string_view kPosition = "ce_position";
inline constexpr std::string_view kEpoch = "ce_epoch";

// Lineage.
inline constexpr std::string_view kCorrelationId = "ce_correlationid";
inline constexpr std::string_view kCausationId = "ce_causationid";
// Who asked for it: the sender's authenticated name, or "saga:<definition>".
inline constexpr std::string_view kActor = "ce_actor";
inline constexpr std::string_view kTraceParent = "traceparent";
inline constexpr std::string_view kTraceState = "tracestate";

// Of commands.
inline constexpr std::string_view kReplyTo = "ce_replyto";
inline constexpr std::string_view kReplyWhen = "ce_replywhen";
inline constexpr std::string_view kReplyWhenAccepted = "accepted";
inline constexpr std::string_view kReplyWhenCompleted = "completed";
inline constexpr std::string_view kExpiryTime = "ce_expirytime";
inline constexpr std::string_view kIdempotencyKey = "idempotency-key";

// Of dead letters.
inline constexpr std::string_view kDlqTopic = "dlq-topic";
inline constexpr std::string_view kDlqPartition = "dlq-partition";
inline constexpr std::string_view kDlqOffset = "dlq-offset";
inline constexpr std::string_view kDlqErrorCode = "dlq-error-code";
inline constexpr std::string_view kDlqErrorMessage = "dlq-error-message";
inline constexpr std::string_view kDlqFirstFailure = "dlq-first-failure";
inline constexpr std::string_view kDlqLastFailure = "dlq-last-failure";

}  // namespace ordersaga::headers

namespace ordersaga::topics {

// Every command, in the partition of its key.
inline constexpr std::string_view kCommands = "ordersaga.commands.v1";
// Partition n is shard n of the log.
inline constexpr std::string_view kEvents = "ordersaga.events.v1";
// What cannot be read as a command.
inline constexpr std::string_view kCommandsDlq = "ordersaga.commands.dlq.v1";
// ordersaga.replies.<client>.v1: the only topics that a sender may name for its replies.
inline constexpr std::string_view kRepliesPrefix = "ordersaga.replies.";

}  // namespace ordersaga::topics
