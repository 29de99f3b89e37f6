// Effect requests and the bits of HTTP around them, short enough for tests.
#pragma once

#include <google/protobuf/util/message_differencer.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "consumers/effects/effects.h"
#include "consumers/effects/results.h"

namespace ordersaga::consumers {

inline saga::v1::EffectRequest request_of(saga::v1::Operation operation, std::string key, std::string target_key = {}) {
  saga::v1::EffectRequest r;
  r.set_saga("saga-place_order-o1");
  r.set_step(3);
  r.set_attempt(2);
  r.set_compensation(true);
  r.set_operation(operation);
  r.set_idempotency_key(std::move(key));
  r.set_target_key(std::move(target_key));
  r.set_order_id("o1");
  r.set_subject_id("o1.1");
  r.mutable_amount()->set_currency_code("EUR");
  r.mutable_amount()->set_amount_minor(1'000);
  r.set_timeout_millis(10'000);
  return r;
}

inline saga::v1::EffectRequest authorization(std::string key, std::string token = "tok_approved") {
  auto r = request_of(saga::v1::OPERATION_AUTHORIZE_PAYMENT, std::move(key));
  r.set_payment_token(std::move(token));
  return r;
}

inline saga::v1::EffectRequest booking(std::string key, std::string postcode = "10115") {
  auto r = request_of(saga::v1::OPERATION_BOOK_SHIPMENT, std::move(key));
  r.mutable_destination()->set_name("Ada Lovelace");
  r.mutable_destination()->set_postcode(std::move(postcode));
  r.mutable_destination()->set_city("Berlin");
  auto* line = r.add_lines();
  line->set_sku("SKU-1");
  line->set_quantity(2);
  return r;
}

inline saga::v1::EffectRequest query(saga::v1::Operation queried, std::string key) {
  bool payment = queried <= saga::v1::OPERATION_QUERY_PAYMENT;
  auto r = request_of(payment ? saga::v1::OPERATION_QUERY_PAYMENT : saga::v1::OPERATION_QUERY_SHIPMENT, std::move(key));
  r.set_queried(queried);
  return r;
}

inline runtime::http::Result answered(int status, std::string body) {
  return {runtime::http::Fate::answered, {status, {}, std::move(body)}, {}};
}
inline runtime::http::Result lost(runtime::http::Fate fate) {
  return {fate, {}, "the cable was cut"};
}

// Collects results, each of them once.
class Collector {
 public:
  Effects::Done done() {
    return [this](const saga::v1::EffectResult& result) {
      std::lock_guard lock(mutex_);
      results_.push_back(result);
      changed_.notify_all();
    };
  }
  // All results, as soon as there are `n`.
  std::vector<saga::v1::EffectResult> wait(std::size_t n) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(30), [&] { return results_.size() >= n; }))
      throw std::runtime_error("results are missing");
    return results_;
  }
  std::size_t size() {
    std::lock_guard lock(mutex_);
    return results_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<saga::v1::EffectResult> results_;
};

inline saga::v1::EffectResult carry_out(Effects& effects, const saga::v1::EffectRequest& request) {
  Collector collector;
  effects.start(request, collector.done());
  return collector.wait(1).front();
}

}  // namespace ordersaga::consumers
