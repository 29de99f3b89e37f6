#include "daemon/ops_endpoint.h"

#include <nlohmann/json.hpp>
#include <vector>

namespace ordersaga::daemon {
namespace {

namespace http = runtime::http;

http::Response metrics_response(const runtime::Metrics& metrics) {
  return {200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, metrics.text()};
}

http::Response ready_response(const Readiness& readiness) {
  nlohmann::ordered_json body{{"ready", true}};
  for (const Problem& problem : readiness.problems()) {
    body["ready"] = false;
    body["problems"].push_back({{"part", problem.part}, {"problem", problem.text}});
  }
  return http::Response::json(body["ready"] ? 200 : 503, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::vector<http::Route> routes(const runtime::Metrics& metrics, const Readiness& readiness) {
  return {
      {"GET", "/metrics",
       [&metrics](const http::Incoming&, const http::Responder& responder) { responder.send(metrics_response(metrics)); }},
      {"GET", "/health",
       [](const http::Incoming&, const http::Responder& responder) { responder.send(http::Response::json(200, "{\"alive\":true}\n")); }},
      {"GET", "/ready",
       [&readiness](const http::Incoming&, const http::Responder& responder) { responder.send(ready_response(readiness)); }},
  };
}

}  // namespace

OpsEndpoint::OpsEndpoint(const std::string& address, std::uint16_t port, const runtime::Metrics& metrics, const Readiness& readiness)
    : server_({.address = address, .port = port}, routes(metrics, readiness)) {}

}  // namespace ordersaga::daemon
