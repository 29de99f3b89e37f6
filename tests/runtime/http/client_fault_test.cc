// What the client says became of a request when the server, or the way to it, fails.
#include <gtest/gtest.h>

#include <future>

#include "tests/runtime/http/call.h"
#include "tests/runtime/http/scripted_server.h"

namespace ordersaga::runtime::http {
namespace {

using std::chrono::milliseconds;

// A port of loopback on which nobody listens.
Endpoint closed_port() {
  return ScriptedServer([](int, Peer) {}).endpoint();
}

TEST(ClientFault, a_refused_connection_means_that_nothing_was_sent) {
  Client client;
  Result result = call(client, closed_port(), get("/"));
  EXPECT_EQ(result.fate, Fate::not_sent);
  EXPECT_NE(result.error.find("refused"), std::string::npos) << result.error;
}

TEST(ClientFault, an_unknown_host_means_that_nothing_was_sent) {
  Client client;
  EXPECT_EQ(call(client, {"no-such-host.invalid", 80}, get("/")).fate, Fate::not_sent);
}

TEST(ClientFault, refused_requests_behind_a_full_pool_all_come_back_as_not_sent) {
  Client client({.max_connections_per_host = 2});
  Endpoint nobody = closed_port();
  std::vector<std::future<Result>> results;
  for (int i = 0; i < 50; ++i) results.push_back(start(client, nobody, get("/")));
  for (auto& result : results) EXPECT_EQ(result.get().fate, Fate::not_sent);
  EXPECT_EQ(client.in_flight(), 0u);
}

TEST(ClientFault, a_connection_closed_before_the_answer_leaves_the_request_unknown) {
  ScriptedServer server([](int, Peer peer) { peer.read_request(); });
  Client client;
  EXPECT_EQ(call(client, server.endpoint(), get("/")).fate, Fate::unknown);
}

TEST(ClientFault, a_connection_reset_before_the_answer_leaves_the_request_unknown) {
  ScriptedServer server([](int, Peer peer) {
    peer.read_request();
    peer.reset_on_close();
  });
  Client client;
  EXPECT_EQ(call(client, server.endpoint(), get("/")).fate, Fate::unknown);
}

TEST(ClientFault, half_an_answer_leaves_the_request_unknown) {
  ScriptedServer server([](int, Peer peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  });
  Client client;
  EXPECT_EQ(call(client, server.endpoint(), get("/")).fate, Fate::unknown);
}

TEST(ClientFault, an_answer_that_is_no_http_leaves_the_request_unknown) {
  ScriptedServer server([](int, Peer peer) {
    peer.read_request();
    peer.write("220 smtp.example ESMTP\r\n\r\n");
    peer.wait_for_close();
  });
  Client client;
  Result result = call(client, server.endpoint(), get("/"));
  EXPECT_EQ(result.fate, Fate::unknown);
  EXPECT_NE(result.error.find("no HTTP"), std::string::npos) << result.error;
}

TEST(ClientFault, an_answer_over_the_limit_leaves_the_request_unknown) {
  ScriptedServer server([](int, Peer peer) {
    peer.read_request();
    peer.answer(std::string(2'000, 'x'));
    peer.wait_for_close();
  });
  Client client({.max_response_body = 1'000});
  EXPECT_EQ(call(client, server.endpoint(), get("/")).fate, Fate::unknown);
}

TEST(ClientFault, silence_until_the_deadline_leaves_the_request_unknown) {
  ScriptedServer server([](int, Peer peer) {
    peer.read_request();
    peer.wait_for_close();
  });
  Client client;
  Result result = call(client, server.endpoint(), get("/"), milliseconds(50));
  EXPECT_EQ(result.fate, Fate::unknown);
  EXPECT_NE(result.error.find("within 50 ms"), std::string::npos) << result.error;
}

TEST(ClientFault, an_answer_after_the_deadline_is_not_taken_for_the_next_requests) {
  std::promise<void> late;
  ScriptedServer server([&](int connection, Peer peer) {
    peer.read_request();
    if (connection == 0) late.get_future().wait();
    peer.answer(connection == 0 ? "first" : "second");
    peer.wait_for_close();
  });
  Client client({.max_connections_per_host = 1});
  EXPECT_EQ(call(client, server.endpoint(), get("/1"), milliseconds(50)).fate, Fate::unknown);
  auto second = start(client, server.endpoint(), get("/2"));
  late.set_value();
  Result result = second.get();
  EXPECT_EQ(result.fate, Fate::answered);
  EXPECT_EQ(result.response.body, "second");
}

TEST(ClientFault, a_request_whose_deadline_passes_in_the_queue_was_not_sent) {
  ScriptedServer server([](int, Peer peer) {
    peer.read_request();
    peer.wait_for_close();
  });
  Client client({.max_connections_per_host = 1});
  auto first = start(client, server.endpoint(), get("/"), milliseconds(400));
  EXPECT_EQ(call(client, server.endpoint(), get("/"), milliseconds(30)).fate, Fate::not_sent);
  EXPECT_EQ(first.get().fate, Fate::unknown);
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientFault, requests_beyond_the_queue_are_refused_at_once) {
  ScriptedServer server([](int, Peer peer) {
    peer.read_request();
    peer.wait_for_close();
  });
  Client client({.max_connections_per_host = 1, .max_queued_per_host = 1});
  auto first = start(client, server.endpoint(), get("/"), milliseconds(300));
  auto second = start(client, server.endpoint(), get("/"), milliseconds(300));
  Result third = call(client, server.endpoint(), get("/"));
  EXPECT_EQ(third.fate, Fate::not_sent);
  EXPECT_NE(third.error.find("too many"), std::string::npos) << third.error;
  first.get();
  second.get();
}

TEST(ClientFault, a_kept_connection_that_the_server_closed_is_noticed_and_not_used) {
  std::promise<void> closed;
  ScriptedServer server([&](int connection, Peer peer) {
    peer.read_request();
    peer.answer(std::to_string(connection));
    if (connection == 0) closed.set_value();  // and closes, without having said so in the answer
  });
  Client client;
  EXPECT_EQ(call(client, server.endpoint(), get("/")).response.body, "0");
  closed.get_future().wait();
  // The close follows at once; whichever of the two looks (the pending read, or the look before use) sees it, unless the
  // request is quicker than the close itself. Then it must be unknown, never sent twice.
  Result second = call(client, server.endpoint(), get("/"));
  if (second.fate == Fate::answered) {
    EXPECT_EQ(second.response.body, "1");
  } else {
    EXPECT_EQ(second.fate, Fate::unknown);
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST(ClientFault, a_kept_connection_closed_after_the_next_request_was_sent_leaves_that_one_unknown) {
  ScriptedServer server([&](int, Peer peer) {
    peer.read_request();
    peer.answer("ok");
    peer.read_request();  // swallowed
  });
  Client client;
  EXPECT_EQ(call(client, server.endpoint(), get("/")).fate, Fate::answered);
  EXPECT_EQ(call(client, server.endpoint(), get("/")).fate, Fate::unknown);
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientFault, destroying_the_client_cancels_what_is_in_flight) {
  ScriptedServer server([](int, Peer peer) {
    peer.read_request();
    peer.wait_for_close();
  });
  std::vector<std::future<Result>> results;
  {
    Client client({.max_connections_per_host = 1});
    for (int i = 0; i < 3; ++i) results.push_back(start(client, server.endpoint(), get("/")));
  }
  for (auto& result : results) EXPECT_EQ(result.get().fate, Fate::cancelled);
}

}  // namespace
}  // namespace ordersaga::runtime::http
