#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "runtime/http/server.h"
#include "tests/runtime/http/call.h"
#include "tests/runtime/http/scripted_server.h"

namespace ordersaga::runtime::http {
namespace {

using std::chrono::milliseconds;

Route echo() {
  return {"POST", "/echo", [](const Incoming& in, Responder out) {
            Response response = Response::text(200, in.request.body);
            response.headers.push_back({"X-Tag", std::string(in.request.header("x-tag"))});
            out.send(response);
          }};
}

Endpoint of(const Server& server) {
  return {"127.0.0.1", server.port()};
}

TEST(HttpClient, sends_method_target_headers_and_body_and_returns_the_whole_answer) {
  Server server({}, {echo()});
  Client client;
  Result result = call(client, of(server), {"POST", "/echo?x=1", {{"X-Tag", "t1"}}, "hello"});
  ASSERT_EQ(result.fate, Fate::answered) << result.error;
  EXPECT_EQ(result.response.status, 200);
  EXPECT_EQ(result.response.body, "hello");
  EXPECT_EQ(result.response.header("x-TAG"), "t1");
}

TEST(HttpClient, finds_a_host_by_name) {
  Server server({}, {echo()});
  Client client;
  EXPECT_EQ(call(client, {"localhost", server.port()}, post("/echo", "x")).response.body, "x");
}

TEST(HttpClient, uses_one_connection_for_requests_one_after_the_other) {
  ScriptedServer server([](int, Peer peer) {
    while (!peer.read_request().empty()) peer.answer("ok");
  });
  Client client;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(call(client, server.endpoint(), get("/")).response.body, "ok");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, takes_chunked_answers_answers_until_close_and_informational_ones) {
  ScriptedServer server([](int connection, Peer peer) {
    peer.read_request();
    if (connection == 0)
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    if (connection == 1) peer.write("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    if (connection == 2) peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
  Client client;
  EXPECT_EQ(call(client, server.endpoint(), get("/")).response.body, "abcde");
  EXPECT_EQ(call(client, server.endpoint(), get("/")).response.body, "until the end");
  EXPECT_EQ(call(client, server.endpoint(), get("/")).response.status, 204);
}

TEST(HttpClient, keeps_many_requests_in_flight_over_few_connections_and_mixes_up_none) {
  Server server(
      {}, {{"POST", "/slow", [](const Incoming& in, Responder out) { out.send(Response::text(200, in.request.body), milliseconds(1)); }}});
  Client client({.max_connections_per_host = 8});
  std::vector<std::future<Result>> results;
  for (int i = 0; i < 500; ++i) results.push_back(start(client, of(server), post("/slow", std::to_string(i))));
  for (std::size_t i = 0; i < results.size(); ++i) {
    Result result = results[i].get();
    ASSERT_EQ(result.fate, Fate::answered) << result.error;
    ASSERT_EQ(result.response.body, std::to_string(i));
  }
  EXPECT_EQ(client.in_flight(), 0u);
}

TEST(HttpClient, opens_no_more_connections_than_its_limit) {
  // Each connection is served only while no other is open: with a second one, this would wait for ever.
  ScriptedServer server([](int, Peer peer) {
    while (!peer.read_request().empty()) peer.answer("ok");
  });
  Client client({.max_connections_per_host = 1});
  std::vector<std::future<Result>> results;
  for (int i = 0; i < 50; ++i) results.push_back(start(client, server.endpoint(), get("/")));
  for (auto& result : results) ASSERT_EQ(result.get().fate, Fate::answered);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, refuses_what_would_smuggle_a_header) {
  Client client;
  Client::Done never = [](Result) { FAIL() << "called"; };
  EXPECT_THROW(client.send({"127.0.0.1", 1}, {"GET", "/", {{"X", "a\r\nY: b"}}, {}}, milliseconds(1), never), std::invalid_argument);
  EXPECT_THROW(client.send({"127.0.0.1", 1}, {"GET", "/ HTTP/1.1\r\n", {}, {}}, milliseconds(1), never), std::invalid_argument);
  EXPECT_THROW(client.send({"127.0.0.1", 1}, {"GET", "nope", {}, {}}, milliseconds(1), never), std::invalid_argument);
}

}  // namespace
}  // namespace ordersaga::runtime::http
