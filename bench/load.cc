#include "bench/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "bench/sample_orders.h"
#include "schemas/headers.h"

namespace ordersaga::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPollMax = 1000;
constexpr auto kPollWait = 20ms;
constexpr auto kPatience = 60s;
constexpr std::size_t kBurst = 100;
// One order in ten is declined by the payment gateway.
constexpr std::size_t kDeclinedEvery = 10;

}  // namespace

Load::Load(runtime::kafka::Producer& producer, runtime::kafka::Consumer& consumer, std::string reply_topic, std::string run,
           std::stop_token stop)
    : producer_(producer), consumer_(consumer), reply_topic_(std::move(reply_topic)), run_(std::move(run)), stop_(std::move(stop)) {}

void Load::collect_deliveries(std::chrono::milliseconds timeout) {
  std::vector<runtime::kafka::Delivery> deliveries;
  producer_.poll(timeout, deliveries);
  for (const auto& delivery : deliveries)
    if (!delivery.error.empty()) throw std::runtime_error("a command could not be delivered: " + delivery.error);
}

void Load::send(const std::string& key, const google::protobuf::Message& command, std::string_view reply_when) {
  const runtime::kafka::OutgoingMessage message = command_message(key, command, run_ + "-c-" + key, reply_topic_, reply_when);
  while (!producer_.produce(message, 0)) collect_deliveries(kPollWait);
}

void Load::place(std::size_t index, std::chrono::microseconds due) {
  const bool declined = index % kDeclinedEvery == kDeclinedEvery - 1;
  const std::string id = fmt::format("{}{:07}", order_prefix(), index);
  const order::v1::PlaceOrder command = make_order(id, index, declined);
  open_.emplace(run_ + "-c-" + id, Sent{due, declined});
  ++placed_;
  send(id, command, headers::kReplyWhenCompleted);
}

void Load::note(const common::v1::CommandReply& reply, const Sent& sent, std::chrono::microseconds now) {
  if (reply.outcome() == common::v1::OUTCOME_SUCCEEDED && !sent.declined) {
    ++result_.confirmed;
  } else if (reply.outcome() == common::v1::OUTCOME_REJECTED && sent.declined && reply.error().code() == "PAYMENT_DECLINED") {
    ++result_.declined;
  } else if (reply.outcome() != common::v1::OUTCOME_ACCEPTED) {  // a stock receipt
    throw std::runtime_error(fmt::format("{} was answered {} {} {}", reply.command_id(), common::v1::Outcome_Name(reply.outcome()),
                                         reply.error().code(), reply.error().message()));
  }
  result_.latencies_ms.push_back(std::chrono::duration<double, std::milli>(now - sent.at).count());
}

void Load::receive(std::chrono::milliseconds timeout) {
  collect_deliveries(0ms);
  const auto polled = consumer_.poll(kPollMax, timeout);
  const auto now = clock_.steady();
  for (const auto& message : polled.messages) {
    common::v1::CommandReply reply;
    if (!reply.ParseFromString(message.value)) throw std::runtime_error("a reply cannot be read");
    auto found = open_.find(reply.command_id());
    if (found == open_.end()) continue;  // another run's, or a repetition
    note(reply, found->second, now);
    open_.erase(found);
    last_reply_ = now;
  }
  if (watch_) watch_();
  if (stop_.stop_requested()) throw std::runtime_error("interrupted");
  if (open_.empty()) last_reply_ = now;
  if (now - last_reply_ > kPatience) throw std::runtime_error(fmt::format("no reply for a minute; {} are open", open_.size()));
}

LoadResult Load::finish(std::chrono::microseconds began) {
  while (!open_.empty()) receive(kPollWait);
  result_.seconds = std::chrono::duration<double>(last_reply_ - began).count();
  std::sort(result_.latencies_ms.begin(), result_.latencies_ms.end());
  return std::exchange(result_, {});
}

void Load::receive_stock() {
  last_reply_ = clock_.steady();
  for (std::size_t i = 0; i < kSkus; ++i) {
    const inventory::v1::ReceiveStock receipt = make_receipt(i);
    open_.emplace(run_ + "-c-" + receipt.sku(), Sent{clock_.steady(), false});
    send(receipt.sku(), receipt, headers::kReplyWhenAccepted);
  }
  finish(clock_.steady());
}

LoadResult Load::closed(std::size_t orders, std::size_t window) {
  const auto began = last_reply_ = clock_.steady();
  placed_ = 0;
  for (std::size_t sent = 0; sent < orders;) {
    for (; sent < orders && open_.size() < window; ++sent) place(sent, clock_.steady());
    receive(kPollWait);
  }
  return finish(began);
}

LoadResult Load::open(std::size_t orders, double rate) {
  const auto began = last_reply_ = clock_.steady();
  placed_ = 0;
  for (std::size_t sent = 0; sent < orders;) {
    const std::chrono::microseconds due = began + std::chrono::microseconds(std::llround(static_cast<double>(sent) * 1e6 / rate));
    const auto now = clock_.steady();
    if (now < due)
      receive(std::min<std::chrono::milliseconds>(std::chrono::ceil<std::chrono::milliseconds>(due - now), kPollWait));
    else if (place(sent++, due); sent % kBurst == 0)  // late: replies must be taken all the same
      receive(0ms);
  }
  return finish(began);
}

}  // namespace ordersaga::bench
