// Asynchronous HTTP/1.1 client: many requests in flight over kept-alive connections, and an exact word on what may have
// become of each.
//
// Threads: the client owns one thread; send() may be called from any thread and never blocks; Done is called on the
// client's thread and must not block. A connection carries one request at a time (no pipelining).
//
// What is retried: nothing. A request whose bytes may have left, even in part, is never sent again: only its sender knows
// whether that is harmless. A kept-alive connection that the server closed is the classic trap: the write succeeds
// locally, then the read fails, and whether the server acted is unknown; so it is reported as unknown. To make that rare,
// idle connections are watched for being closed, and looked at once more before use. Only a request of which not a single
// byte was handed to the operating system moves to another connection: that is its first try, not a second.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "runtime/http/message.h"

namespace ordersaga::runtime::http {

enum class Fate {
  answered,   // `response` is the server's whole answer
  not_sent,   // nothing can have been done: refused, no such host, no room in the queue, or no connection in time
  unknown,    // sent at least in part, and no whole answer: it may have been done or not
  cancelled,  // the client was destroyed first; what was sent may have been done
};

struct Result {
  Fate fate = Fate::unknown;
  Response response;  // answered
  std::string error;  // otherwise: what happened, for people
};

struct ClientOptions {
  std::size_t max_connections_per_host = 256;
  // Requests to one host that wait for a connection; more are refused as not_sent.
  std::size_t max_queued_per_host = 65'536;
  std::size_t max_response_body = 1 << 20;
};

class Client {
 public:
  using Done = std::function<void(Result)>;

  explicit Client(ClientOptions options = {});
  // Gives every request without an answer the fate `cancelled`, and waits for its thread.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `timeout` counts from now, time in the queue and connecting included. Content-Length, Host and Connection are set by
  // the client. Throws std::invalid_argument when method, target or a header holds a control character.
  void send(const Endpoint& endpoint, Request request, std::chrono::milliseconds timeout, Done done);

  // Runs `work` on the client's thread; work posted before the destructor is run by it.
  void post(std::function<void()> work);

  // Requests whose Done was not called yet.
  std::size_t in_flight() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace ordersaga::runtime::http
