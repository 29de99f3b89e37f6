#include "schemas/streams.h"
#include "tools/sagactl/timeline.h"

namespace ordersaga::sagactl {

namespace v1 = ordersaga::saga::v1;

namespace {

class Folder {
 public:
  explicit Folder(Run& run) : run_(run) {}

  void fold(const v1::SagaTransition& t, Timestamp at) {
    switch (t.kind()) {
      case v1::TRANSITION_KIND_STEP_STARTED:
        move(t, at, false, ActivityStatus::running);
        return;
      case v1::TRANSITION_KIND_STEP_SUCCEEDED:
        end(t, at, false, ActivityStatus::done);
        return;
      case v1::TRANSITION_KIND_STEP_SKIPPED:
        end(t, at, false, ActivityStatus::skipped);
        return;
      case v1::TRANSITION_KIND_STEP_FAILED:
        end(t, at, false, ActivityStatus::failed);
        return;
      case v1::TRANSITION_KIND_STEP_RETRIED:
        move(t, at, false, ActivityStatus::waiting_to_retry);
        return;
      case v1::TRANSITION_KIND_STEP_UNKNOWN:
        move(t, at, undoing_, ActivityStatus::unknown);
        return;
      case v1::TRANSITION_KIND_STEP_QUERIED:
        ++move(t, at, undoing_, ActivityStatus::unknown).queries;
        return;
      case v1::TRANSITION_KIND_STEP_POLLED:
        ++move(t, at, false, ActivityStatus::running).polls;
        return;
      case v1::TRANSITION_KIND_COMPENSATION_STARTED:
        move(t, at, true, ActivityStatus::running);
        return;
      case v1::TRANSITION_KIND_COMPENSATION_RETRIED:
        move(t, at, true, ActivityStatus::waiting_to_retry);
        return;
      case v1::TRANSITION_KIND_STEP_COMPENSATED:
        end(t, at, true, ActivityStatus::done);
        return;
      default:
        fold_saga(t, at);
    }
  }

 private:
  void fold_saga(const v1::SagaTransition& t, Timestamp at) {
    switch (t.kind()) {
      case v1::TRANSITION_KIND_COMPENSATING:
        undoing_ = true;
        stop("COMPENSATING", t);
        return;
      case v1::TRANSITION_KIND_COMPENSATION_FAILED:
        move(t, at, true, ActivityStatus::stuck).wake_at.reset();
        stop("COMPENSATION_FAILED", t);
        return;
      case v1::TRANSITION_KIND_PARKED:
        stop("PARKED", t);
        for (Activity& a : run_.activities)
          if (!a.end) {
            a.status = ActivityStatus::stuck;
            a.wake_at.reset();
          }
        return;
      case v1::TRANSITION_KIND_PIVOT_PASSED:
        if (Activity* step = find(t, false)) step->pivot = true;
        return;
      case v1::TRANSITION_KIND_COMPLETED:
        run_.state = "COMPLETED";
        run_.ended = at;
        return;
      case v1::TRANSITION_KIND_FAILED:
        run_.state = "FAILED";
        run_.ended = at;
        return;
      default:
        return;
    }
  }

  void stop(const char* state, const v1::SagaTransition& t) {
    run_.state = state;
    if (!t.code().empty()) {
      run_.code = t.code();
      run_.message = t.message();
    }
  }

  Activity* find(const v1::SagaTransition& t, bool compensation) {
    for (auto a = run_.activities.rbegin(); a != run_.activities.rend(); ++a)
      if (a->name == t.step_name() && a->compensation == compensation) return &*a;
    return nullptr;
  }

  Activity& move(const v1::SagaTransition& t, Timestamp at, bool compensation, ActivityStatus status) {
    Activity* a = find(t, compensation);
    if (a == nullptr) {
      a = &run_.activities.emplace_back();
      a->name = t.step_name();
      a->compensation = compensation;
      a->begin = at;
    }
    a->status = status;
    if (t.attempt() > 0) a->attempt = t.attempt();
    if (!t.code().empty()) {
      a->code = t.code();
      a->message = t.message();
    }
    a->wake_at.reset();
    if (t.has_wake_after_micros()) a->wake_at = at + Duration(t.wake_after_micros());
    return *a;
  }

  void end(const v1::SagaTransition& t, Timestamp at, bool compensation, ActivityStatus status) {
    Activity& a = move(t, at, compensation, status);
    a.end = at;
    a.wake_at.reset();
    if (status == ActivityStatus::done) a.code.clear(), a.message.clear();
  }

  Run& run_;
  bool undoing_ = false;
};

// The trace id in "00-<trace id>-<span id>-<flags>".
std::string trace_of(const std::string& traceparent) {
  return traceparent.size() >= 35 && traceparent[2] == '-' ? traceparent.substr(3, 32) : "";
}

}  // namespace

Run activities(const std::vector<SagaRecord>& records) {
  Run run;
  const v1::SagaAdvanced& first = records.front().advanced;
  run.type = saga_definition(records.front().stream);
  run.order_id = stream_key(records.front().stream);
  run.trace = trace_of(first.origin().traceparent());
  run.started = records.front().at;
  Folder folder(run);
  for (const SagaRecord& record : records)
    for (const v1::SagaTransition& transition : record.advanced.transitions()) folder.fold(transition, record.at);
  return run;
}

}  // namespace ordersaga::sagactl
