// The simulators' HTTP: paths, statuses, bodies, paging, and a ledger that outlives the process.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "tests/runtime/http/call.h"
#include "tests/tools/simulators/temporary_folder.h"
#include "tools/simulators/carrier/server.h"
#include "tools/simulators/payment_gateway/server.h"

namespace ordersaga::simulators {
namespace {

using nlohmann::json;
using payment_gateway::GatewayServer;
using runtime::http::Client;
using runtime::http::Endpoint;
using runtime::http::Request;
using runtime::http::Response;

class Servers : public testing::Test {
 protected:
  template <class Server>
  Response ask(const Server& server, Request request) {
    auto result = runtime::http::call(client_, {"127.0.0.1", server.port()}, std::move(request));
    EXPECT_EQ(result.fate, runtime::http::Fate::answered) << result.error;
    return result.response;
  }
  template <class Server>
  Response post(const Server& server, std::string path, std::string key, const json& body) {
    return ask(server, {"POST", std::move(path), {{"Idempotency-Key", std::move(key)}}, body.dump()});
  }
  template <class Server>
  Response get(const Server& server, std::string target) {
    return ask(server, runtime::http::get(std::move(target)));
  }

  runtime::SystemClock clock_;
  Client client_;
};

const json kTenEuros = {{"currency", "EUR"}, {"minor", 1'000}};

TEST_F(Servers, the_gateway_takes_a_payment_through_its_life) {
  GatewayServer server({}, clock_);
  Response authorized = post(server, "/v1/authorizations", "a/1", {{"payment", "o1.1"}, {"amount", kTenEuros}, {"token", "tok_approved"}});
  EXPECT_EQ(authorized.status, 200);
  json auth = json::parse(authorized.body);
  EXPECT_EQ(auth["status"], "done");
  EXPECT_EQ(auth["amount"], kTenEuros);
  json on = {{"payment", "o1.1"}, {"reference", auth["id"]}, {"amount", kTenEuros}};
  EXPECT_EQ(post(server, "/v1/captures", "c1", on).status, 200);
  EXPECT_EQ(post(server, "/v1/voids", "v1", on).status, 402);
  EXPECT_EQ(post(server, "/v1/refunds", "r1", on).status, 200);
  EXPECT_EQ(post(server, "/v1/refunds", "r1", on).status, 200);
  EXPECT_EQ(json::parse(get(server, "/v1/operations/a%2F1").body)["id"], auth["id"]);
  Response refused = get(server, "/v1/operations/v1");
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(json::parse(refused.body)["code"], "already_captured");
  EXPECT_EQ(get(server, "/v1/operations/x").status, 404);
  EXPECT_EQ(json::parse(get(server, "/v1/ledger").body)["size"], 4);
  EXPECT_EQ(get(server, "/health").status, 200);
}

TEST_F(Servers, the_gateway_says_what_is_wrong_with_a_body) {
  GatewayServer server({}, clock_);
  EXPECT_EQ(ask(server, {"POST", "/v1/captures", {{"Idempotency-Key", "k"}}, "{"}).status, 400);
  Response misspelt = post(server, "/v1/authorizations", "k", {{"payment", "o1.1"}, {"amuont", kTenEuros}, {"token", "tok_x"}});
  EXPECT_EQ(misspelt.status, 400);
  EXPECT_EQ(json::parse(misspelt.body)["error"]["message"], "unknown field amuont");
  json body = {{"payment", "o1.1"}, {"amount", {{"currency", "EUR"}, {"minor", "10"}}}, {"token", "tok_x"}};
  EXPECT_EQ(post(server, "/v1/authorizations", "k", body).status, 400);
  body["amount"] = kTenEuros;
  EXPECT_EQ(post(server, "/v1/authorizations", "", body).status, 400);
  EXPECT_EQ(post(server, "/v1/authorizations", "k", body).status, 200);
  body["token"] = "tok_y";
  EXPECT_EQ(post(server, "/v1/authorizations", "k", body).status, 422);
}

TEST_F(Servers, a_ledger_is_read_page_by_page) {
  GatewayServer server({}, clock_);
  for (int i = 0; i < 5; ++i)
    post(server, "/v1/authorizations", "k" + std::to_string(i), {{"payment", "o1.1"}, {"amount", kTenEuros}, {"token", "tok_x"}});
  json next = 0;
  std::vector<int> seen;
  while (!next.is_null()) {
    json page = json::parse(get(server, "/v1/ledger?limit=2&after=" + next.dump()).body);
    for (const json& entry : page["entries"]) seen.push_back(entry["sequence"]);
    next = page["next_after"];
  }
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3, 4, 5}));
  for (const char* bad : {"limit=0", "limit=1001", "limit=x", "after=-1", "after=99999999999999999999"})
    EXPECT_EQ(get(server, std::string("/v1/ledger?") + bad).status, 400) << bad;
  EXPECT_EQ(json::parse(get(server, "/v1/ledger?after=99").body)["entries"].size(), 0u);
}

TEST_F(Servers, the_gateway_remembers_over_a_restart) {
  TemporaryFolder folder;
  payment_gateway::ServerOptions options;
  options.ledger = folder.file("gateway.jsonl");
  json body = {{"payment", "o1.1"}, {"amount", kTenEuros}, {"token", "tok_approved"}};
  std::string before;
  {
    GatewayServer server(options, clock_);
    before = post(server, "/v1/authorizations", "a", body).body;
  }
  GatewayServer server(options, clock_);
  EXPECT_EQ(post(server, "/v1/authorizations", "a", body).body, before);
  EXPECT_EQ(json::parse(get(server, "/v1/ledger").body)["size"], 1);
}

TEST_F(Servers, the_carrier_takes_a_parcel_through_its_life) {
  TemporaryFolder folder;
  carrier::ServerOptions options;
  options.ledger = folder.file("carrier.jsonl");
  options.carrier.advance_every = std::chrono::milliseconds(0);
  json to = {{"postcode", "10115"}, {"city", "Berlin"}};
  json booking = {{"shipment", "o1.1"}, {"destination", to}, {"lines", {{{"sku", "A"}, {"quantity", 1}}}}};
  std::optional<carrier::CarrierServer> server(std::in_place, options, clock_);
  Response booked = post(*server, "/v1/bookings", "b", booking);
  ASSERT_EQ(booked.status, 200) << booked.body;
  json b = json::parse(booked.body);
  std::string url = b["label_url"], base = "http://127.0.0.1:" + std::to_string(server->port());
  ASSERT_EQ(url.substr(0, base.size()), base);
  EXPECT_NE(get(*server, url.substr(base.size())).body.find("10115 Berlin"), std::string::npos);
  json on = {{"shipment", "o1.1"}, {"reference", b["id"]}};
  EXPECT_EQ(post(*server, "/v1/shipments/o1.1/advance", "", {}).status, 422);
  EXPECT_EQ(post(*server, "/v1/handovers", "h", on).status, 200);
  server.reset();
  server.emplace(options, clock_);
  EXPECT_EQ(post(*server, "/v1/cancellations", "c", on).status, 422);
  EXPECT_EQ(json::parse(post(*server, "/v1/shipments/o1.1/advance", "", {}).body)["status"], "IN_TRANSIT");
  EXPECT_EQ(json::parse(get(*server, "/v1/shipments/" + b["id"].get<std::string>() + "/tracking").body)["status"], "IN_TRANSIT");
  EXPECT_EQ(get(*server, "/v1/shipments/o9.1/tracking").status, 404);
  EXPECT_EQ(get(*server, "/v1/operations/h").status, 200);
  EXPECT_EQ(json::parse(get(*server, "/v1/ledger").body)["size"], 4);
  booking["destination"]["postcode"] = "NOCARRIER";
  EXPECT_EQ(post(*server, "/v1/bookings", "b2", booking).status, 422);
}

}  // namespace
}  // namespace ordersaga::simulators
