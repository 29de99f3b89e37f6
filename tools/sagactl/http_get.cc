#include "tools/sagactl/http_get.h"

#include <fmt/format.h>

#include <future>

#include "runtime/http/client.h"

namespace ordersaga::sagactl {

namespace http = runtime::http;

std::optional<Json> http_get_json_if_there(Context& context, const std::string& url, const std::string& target) {
  http::Endpoint endpoint;
  try {
    endpoint = http::Endpoint::parse(url);
  } catch (const std::invalid_argument& error) {
    throw Failure(ExitCode::usage, error.what());
  }
  std::promise<http::Result> answer;
  std::future<http::Result> answered = answer.get_future();
  http::Client client(http::ClientOptions{.max_response_body = 16U << 20U});
  http::Request request;
  request.target = target;
  client.send(endpoint, std::move(request), context.options.timeout, [&](http::Result result) { answer.set_value(std::move(result)); });
  http::Result result = answered.get();  // the client keeps the time
  if (result.fate != http::Fate::answered)
    throw Failure(ExitCode::unreachable, fmt::format("{} does not answer: {}", url, result.error), "sagactl doctor");
  if (result.response.status == 404) return std::nullopt;
  if (result.response.status != 200)
    throw Failure(ExitCode::failed, fmt::format("{}{} answered with status {}", url, target, result.response.status));
  Json json = Json::parse(result.response.body, nullptr, false);
  if (json.is_discarded()) throw Failure(ExitCode::failed, fmt::format("{}{} answered with no JSON", url, target));
  return json;
}

Json http_get_json(Context& context, const std::string& url, const std::string& target) {
  if (std::optional<Json> json = http_get_json_if_there(context, url, target)) return *std::move(json);
  throw Failure(ExitCode::failed, fmt::format("{}{} answered with status 404", url, target));
}

}  // namespace ordersaga::sagactl
