#include "daemon/ops_endpoint.h"

#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "runtime/http/client.h"

namespace ordersaga::daemon {
namespace {

namespace http = runtime::http;

class Ops : public testing::Test {
 protected:
  http::Response get(const std::string& path) {
    http::Client client;
    std::promise<http::Result> promise;
    http::Request request;
    request.target = path;
    client.send({"127.0.0.1", endpoint_.port()}, std::move(request), std::chrono::seconds(10),
                [&](http::Result result) { promise.set_value(std::move(result)); });
    http::Result result = promise.get_future().get();
    EXPECT_EQ(result.fate, http::Fate::answered) << result.error;
    return result.response;
  }

  runtime::Metrics metrics_;
  Readiness readiness_;
  OpsEndpoint endpoint_{"127.0.0.1", 0, metrics_, readiness_};
};

TEST_F(Ops, ServesTheMetrics) {
  metrics_.counter("orders_placed_total", "Orders placed.").Increment();
  const http::Response response = get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.header("content-type").starts_with("text/plain; version=0.0.4"));
  EXPECT_NE(response.body.find("ordersaga_orders_placed_total 1"), std::string::npos);
}

TEST_F(Ops, IsAliveWhileItStarts) {
  EXPECT_EQ(get("/health").status, 200);
}

TEST_F(Ops, IsReadyWhenNoPartHasAProblem) {
  http::Response response = get("/ready");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(nlohmann::json::parse(response.body)["problems"][0]["problem"], "starting");
  readiness_.started();
  response = get("/ready");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(nlohmann::json::parse(response.body)["ready"], true);
}

TEST_F(Ops, SaysWhenItsPortIsBusy) {
  try {
    const OpsEndpoint second("127.0.0.1", endpoint_.port(), metrics_, readiness_);
    FAIL() << "two listen on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(endpoint_.port())), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ordersaga::daemon
