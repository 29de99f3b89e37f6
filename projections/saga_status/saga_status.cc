#include "projections/saga_status/saga_status.h"

#include "schemas/lineage.h"

namespace ordersaga::projections::saga_status {

namespace {

std::optional<Timestamp> wakeup_of(const saga::SagaTransition& t, Timestamp recorded_at) {
  if (!t.has_wake_after_micros()) return std::nullopt;
  return recorded_at + Duration(t.wake_after_micros());
}

void note_trouble(Saga& row, const saga::SagaTransition& t) {
  if (t.code().empty()) return;
  row.code = t.code();
  row.message = t.message();
}

void enter_step(Saga& row, const saga::SagaTransition& t) {
  row.step_index = t.step();
  row.current_step = t.step_name();
  row.attempts = t.attempt();
}

void fold(Saga& row, const saga::SagaTransition& t, Timestamp recorded_at) {
  switch (t.kind()) {
    case saga::TRANSITION_KIND_STARTED:
      row.state = "RUNNING";
      break;
    case saga::TRANSITION_KIND_STEP_STARTED:
    case saga::TRANSITION_KIND_STEP_RETRIED:
    case saga::TRANSITION_KIND_STEP_UNKNOWN:
    case saga::TRANSITION_KIND_STEP_QUERIED:
    case saga::TRANSITION_KIND_STEP_POLLED:
    case saga::TRANSITION_KIND_STEP_SKIPPED:
    case saga::TRANSITION_KIND_STEP_FAILED:
    case saga::TRANSITION_KIND_COMPENSATION_STARTED:
    case saga::TRANSITION_KIND_COMPENSATION_RETRIED:
    case saga::TRANSITION_KIND_STEP_COMPENSATED:
      enter_step(row, t);
      break;
    case saga::TRANSITION_KIND_STEP_SUCCEEDED:
      enter_step(row, t);
      if (row.state == "RUNNING") row.code = row.message = "";
      break;
    case saga::TRANSITION_KIND_COMPENSATING:
      row.state = "COMPENSATING";
      break;
    case saga::TRANSITION_KIND_COMPENSATION_FAILED:
      enter_step(row, t);
      row.state = "COMPENSATION_FAILED";
      break;
    case saga::TRANSITION_KIND_PIVOT_PASSED:
      row.pivot_passed = true;
      break;
    case saga::TRANSITION_KIND_COMPLETED:
      row.state = "COMPLETED";
      row.ended_at = recorded_at;
      break;
    case saga::TRANSITION_KIND_FAILED:
      row.state = "FAILED";
      row.ended_at = recorded_at;
      break;
    case saga::TRANSITION_KIND_PARKED:
      row.state = "PARKED";
      break;
    default:
      // A newer program's word; the log has it.
      break;
  }
  note_trouble(row, t);
  row.next_wakeup_at = wakeup_of(t, recorded_at);
}

// "saga-<type>-<order's id>", which is the key.
std::string_view type_of(const Record& r) {
  std::string_view stream = r.event.stream;
  return stream.substr(5, stream.size() - 6 - r.key.size());
}

}  // namespace

void SagaStatus::want(const Record& record) {
  if (record.event.version == Version(1))
    sagas_.expect_none(record.key, type_of(record));
  else
    sagas_.want(record.key, type_of(record));
}

void SagaStatus::on(const Record& r, const saga::SagaAdvanced& e) {
  Saga* row = sagas_.find(r.key, type_of(r));
  if (r.event.version == Version(1)) {
    Saga fresh;
    fresh.order_id = r.key;
    fresh.type = type_of(r);
    fresh.shard = r.shard();
    fresh.started_at = r.event.recorded_at;
    fresh.correlation_id = correlation_of(e.origin());
    fresh.traceparent = e.origin().traceparent();
    row = &sagas_.put(std::move(fresh), r.key, type_of(r));
  } else if (row == nullptr || row->version.next() != r.event.version) {
    throw BrokenHistory("version " + std::to_string(r.event.version.value) + " of " + r.event.stream + " does not follow what is known");
  }
  row->definition_version = e.definition_version();
  row->version = r.event.version;
  row->updated_at = r.event.recorded_at;
  row->position = r.position();
  for (const saga::SagaTransition& t : e.transitions()) fold(*row, t, r.event.recorded_at);
}

}  // namespace ordersaga::projections::saga_status
