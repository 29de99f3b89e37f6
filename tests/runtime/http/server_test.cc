#include "runtime/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "tests/runtime/http/call.h"

namespace ordersaga::runtime::http {
namespace {

using std::chrono::milliseconds;

Endpoint of(const Server& server) {
  return {"127.0.0.1", server.port()};
}

Route respond(std::string method, std::string pattern, std::string body) {
  return {std::move(method), std::move(pattern), [body](const Incoming&, Responder out) { out.send(Response::text(200, body)); }};
}

// One connection of a raw client: sends `text`, returns all that comes until the server closes (or 5 s).
std::string talk(std::uint16_t port, const std::string& text) {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval patience{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string out;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    char buffer[4096];
    for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return out;
}

TEST(HttpServer, routes_by_method_and_path_and_decodes_parameters_and_query) {
  Server server({}, {respond("GET", "/a", "get a"),
                     respond("POST", "/a", "post a"),
                     {"GET", "/v1/things/{id}/parts", [](const Incoming& in, Responder out) {
                        out.send(Response::text(200, std::string(in.parameter("id")) + "|" + std::string(in.query("after")) + "|" +
                                                         std::string(in.query("none"))));
                      }}});
  Client client;
  EXPECT_EQ(call(client, of(server), get("/a")).response.body, "get a");
  EXPECT_EQ(call(client, of(server), post("/a", "")).response.body, "post a");
  EXPECT_EQ(call(client, of(server), get("/v1/things/x%2Fy/parts?after=a%20b&c")).response.body, "x/y|a b|");
  EXPECT_EQ(call(client, of(server), get("/v1/things//parts")).response.status, 404);
  EXPECT_EQ(call(client, of(server), get("/b")).response.status, 404);
  EXPECT_EQ(call(client, of(server), {"DELETE", "/a", {}, {}}).response.status, 405);
}

TEST(HttpServer, answers_500_when_a_handler_throws_or_forgets_to_answer) {
  Server server({}, {{"GET", "/throw", [](const Incoming&, Responder) { throw std::runtime_error("broken pump"); }},
                     {"GET", "/forget", [](const Incoming&, Responder) {}}});
  Client client;
  Result thrown = call(client, of(server), get("/throw"));
  EXPECT_EQ(thrown.response.status, 500);
  EXPECT_NE(thrown.response.body.find("broken pump"), std::string::npos);
  EXPECT_EQ(call(client, of(server), get("/forget")).response.status, 500);
}

TEST(HttpServer, answers_later_from_another_thread_and_only_once) {
  std::optional<std::thread> thread;
  Server server({}, {{"GET", "/later", [&](const Incoming&, Responder out) {
                        thread.emplace([out] {
                          out.send(Response::text(200, "first"));
                          out.send(Response::text(200, "second"));
                        });
                      }}});
  Client client;
  EXPECT_EQ(call(client, of(server), get("/later")).response.body, "first");
  thread->join();
}

TEST(HttpServer, hangs_up_when_told) {
  Server server({}, {{"GET", "/", [](const Incoming&, Responder out) { out.hang_up(); }}});
  Client client;
  EXPECT_EQ(call(client, of(server), get("/")).fate, Fate::unknown);
}

TEST(HttpServer, refuses_a_body_over_its_limit_and_still_says_so) {
  Server server({.max_body = 1'000}, {respond("POST", "/", "ok")});
  Client client;
  EXPECT_EQ(call(client, of(server), post("/", std::string(1'000, 'x'))).response.status, 200);
  Result refused = call(client, of(server), post("/", std::string(100'000, 'x')));
  ASSERT_EQ(refused.fate, Fate::answered) << refused.error;
  EXPECT_EQ(refused.response.status, 413);
}

TEST(HttpServer, refuses_what_is_no_http_and_headers_without_end) {
  Server server({}, {respond("GET", "/", "ok")});
  EXPECT_EQ(talk(server.port(), "EHLO there\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  EXPECT_EQ(talk(server.port(), "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x')).substr(0, 12), "HTTP/1.1 431");
}

TEST(HttpServer, answers_pipelined_requests_in_order) {
  Server server({}, {respond("GET", "/1", "one"), respond("GET", "/2", "two")});
  std::string all = talk(server.port(), "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_LT(all.find("one"), all.find("two"));
  EXPECT_NE(all.find("two"), std::string::npos);
}

TEST(HttpServer, closes_a_silent_connection) {
  Server server({.idle_timeout = milliseconds(50)}, {respond("GET", "/", "ok")});
  auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(talk(server.port(), "GET / HTT"), "");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(4));
}

TEST(HttpServer, lets_more_clients_than_its_limit_wait_their_turn) {
  Server server({.max_connections = 1}, {respond("GET", "/", "ok")});
  Request once{"GET", "/", {{"Connection", "close"}}, {}};
  Client client({.max_connections_per_host = 10});
  std::vector<std::future<Result>> results;
  for (int i = 0; i < 10; ++i) results.push_back(start(client, of(server), once));
  for (auto& result : results) EXPECT_EQ(result.get().response.body, "ok");
}

TEST(HttpServer, says_which_address_is_taken) {
  Server first({}, {});
  try {
    Server second({.port = first.port()}, {});
    ADD_FAILURE() << "listened twice";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(first.port())), std::string::npos) << error.what();
  }
}

TEST(HttpServer, finishes_what_it_handles_when_it_is_stopped) {
  std::promise<void> entered;
  auto server = std::make_optional<Server>(ServerOptions{}, std::vector<Route>{{"GET", "/", [&](const Incoming&, Responder out) {
                                                                                  entered.set_value();
                                                                                  out.send(Response::text(200, "done"), milliseconds(100));
                                                                                }}});
  Client client;
  auto result = start(client, of(*server), get("/"));
  entered.get_future().wait();
  server->stop(std::chrono::seconds(10));
  EXPECT_EQ(result.get().response.body, "done");
  EXPECT_EQ(call(client, of(*server), get("/")).fate, Fate::not_sent);
}

TEST(HttpServer, stops_without_those_who_take_longer_than_its_patience) {
  std::promise<void> entered;
  std::optional<Responder> kept;
  auto server = std::make_optional<Server>(ServerOptions{}, std::vector<Route>{{"GET", "/", [&](const Incoming&, Responder out) {
                                                                                  kept = out;
                                                                                  entered.set_value();
                                                                                }}});
  Client client;
  auto result = start(client, of(*server), get("/"));
  entered.get_future().wait();
  server->stop(milliseconds(20));
  EXPECT_EQ(result.get().fate, Fate::unknown);
  server.reset();
  kept->send(Response::text(200, "too late"));  // harmless
}

}  // namespace
}  // namespace ordersaga::runtime::http
