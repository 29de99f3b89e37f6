// Where a record comes from, read out of its metadata: there it is kept in few bytes, because it stands in every record.
#pragma once

#include <string>
#include <string_view>

#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "schemas/packed_id.h"

namespace ordersaga {

struct Lineage {
  // The command's id; or, of what a saga did, "<saga stream>/<step>#<attempt>" after an answer ("/undo#" of a compensation),
  // "timer:<saga stream>" after a wake-up, "resume:<saga stream>" after the shard was taken over.
  std::string causation_id;
  std::string correlation_id;
  // The sender's authenticated name, or "saga:<definition>".
  std::string actor;
};

inline std::string actor_of(const log::v1::RecordMetadata& metadata) {
  return metadata.has_saga() ? "saga:" + metadata.saga().definition() : metadata.actor();
}

// `key`: the record's partition key.
inline Lineage lineage_of(const log::v1::RecordMetadata& metadata, std::string_view key) {
  Lineage lineage{.causation_id = {}, .correlation_id = {}, .actor = actor_of(metadata)};
  if (metadata.has_correlation()) lineage.correlation_id = id_text(metadata.correlation());
  if (!metadata.has_saga()) {
    lineage.causation_id = id_text(metadata.causation());
    if (!metadata.has_correlation()) lineage.correlation_id = lineage.causation_id;
    return lineage;
  }
  const log::v1::SagaCause& saga = metadata.saga();
  std::string stream = "saga-" + saga.definition();
  stream.append("-").append(key);
  switch (saga.kind()) {
    case log::v1::SAGA_CAUSE_KIND_TIMER:
      lineage.causation_id = "timer:" + stream;
      break;
    case log::v1::SAGA_CAUSE_KIND_RESUME:
      lineage.causation_id = "resume:" + stream;
      break;
    default:
      stream.append("/").append(std::to_string(saga.step())).append(saga.compensation() ? "/undo#" : "#");
      lineage.causation_id = stream.append(std::to_string(saga.attempt()));
      break;
  }
  return lineage;
}

// The call that a saga's record asks for, as the cause of what its answer leads to. REQUIRES: it asks for one.
inline std::string call_of(std::string_view saga_stream, const saga::v1::SagaAdvanced& record) {
  const saga::v1::SagaTransition& last = record.transitions(record.transitions_size() - 1);
  bool undo = last.kind() == saga::v1::TRANSITION_KIND_COMPENSATION_STARTED;
  std::string call(saga_stream);
  call.append("/").append(std::to_string(last.step())).append(undo ? "/undo#" : "#");
  return call.append(std::to_string(last.attempt()));
}

// Of the command that started a saga, as the saga remembers it.
inline std::string correlation_of(const saga::v1::SagaOrigin& origin) {
  return id_text(origin.has_correlation() ? origin.correlation() : origin.command());
}

// What a recorded call is about. `key`: the record's partition key.
inline std::string subject_of(const saga::v1::EffectRequest& request, std::string_view key) {
  return request.subject_id().empty() ? std::string(key) + ".1" : request.subject_id();
}

}  // namespace ordersaga
