#include "tests/simulation/outside.h"

#include "consumers/effects/results.h"

namespace ordersaga::simulation {

using saga::v1::EffectRequest;
using saga::v1::EffectResult;

struct SimEffects::Call {
  EffectRequest request;
  Done done;
  std::weak_ptr<Process> process;
  bool finished = false;

  void finish(const EffectResult& result) {
    if (std::exchange(finished, true)) return;
    if (auto alive = process.lock()) {
      --alive->in_flight;
      done(result);
    }
  }
  void finish(runtime::http::Fate fate, const char* why) {
    EffectResult result = consumers::result_for(request);
    consumers::set_failure(result, {fate, {}, why}, nullptr);
    finish(result);
  }
};

void SimEffects::start(const EffectRequest& request, Done done) {
  world_.may_crash();
  auto call = std::make_shared<Call>();
  call->request = request;
  call->done = std::move(done);
  call->process = process_;
  if (mutant_ == Mutant::new_key_on_retry && request.attempt() > 1)
    call->request.set_idempotency_key(request.idempotency_key() + "#" + std::to_string(request.attempt()));
  ++process_->in_flight;

  Faults& faults = world_.faults();
  SeededRandom& random = world_.random();
  if (faults.fires(Fault::call_refused)) {
    world_.after(random.between(100us, 20ms), [call] { call->finish(runtime::http::Fate::not_sent, "simulated: connection refused"); });
    return;
  }
  Duration timeout = std::chrono::milliseconds(request.timeout_millis());
  world_.after(timeout, [call] { call->finish(runtime::http::Fate::unknown, "simulated: no answer in time"); });
  if (faults.fires(Fault::request_twice)) send(call, random.between(1ms, 100s));
  if (faults.fires(Fault::request_lost)) return;
  send(call, faults.fires(Fault::request_late) ? random.between(timeout, timeout * 8) : random.between(100us, 5ms));
}

void SimEffects::send(const std::shared_ptr<Call>& call, Duration arrives) {
  world_.after(arrives, [&world = world_, &participants = participants_, call] {
    simulators::TimedResult answer = participants.answer(call->request, world.wall());
    world.trace(call->request.idempotency_key());
    if (world.faults().fires(Fault::answer_lost)) return;
    world.after(answer.after + world.random().between(100us, 5ms), [call, result = std::move(answer.result)] { call->finish(result); });
  });
}

}  // namespace ordersaga::simulation
