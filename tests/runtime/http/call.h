// Sends a request and waits for what became of it.
#pragma once

#include <future>
#include <memory>
#include <stdexcept>

#include "runtime/http/client.h"

namespace ordersaga::runtime::http {

inline std::future<Result> start(Client& client, const Endpoint& to, Request request,
                                 std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
  auto promise = std::make_shared<std::promise<Result>>();
  std::future<Result> future = promise->get_future();
  client.send(to, std::move(request), timeout, [promise](Result result) { promise->set_value(std::move(result)); });
  return future;
}

inline Result call(Client& client, const Endpoint& to, Request request, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
  std::future<Result> future = start(client, to, std::move(request), timeout);
  if (future.wait_for(timeout + std::chrono::seconds(20)) != std::future_status::ready) throw std::runtime_error("no result");
  return future.get();
}

inline Request get(std::string target) {
  return {"GET", std::move(target), {}, {}};
}

inline Request post(std::string target, std::string body) {
  return {"POST", std::move(target), {}, std::move(body)};
}

}  // namespace ordersaga::runtime::http
