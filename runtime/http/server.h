// Asynchronous HTTP/1.1 server: routes to functions, kept-alive connections, limits, graceful stop.
//
// Threads: the server owns one thread, on which all handlers run; a handler must not block, but may answer later and from
// any thread through its Responder.
// Failures: what is no HTTP gets 400, a body over the limit 413, an unknown path 404, another method on a known path 405,
// a handler that throws 500 with the exception's text, a handler that loses its Responder 500.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/http/message.h"

namespace ordersaga::runtime::http {

// A request as its handler sees it.
struct Incoming {
  Request request;
  std::string path;                 // without the query, still percent-encoded
  std::vector<Header> parameters;   // of the route's {name} segments, decoded
  std::vector<Header> query_items;  // decoded

  // Empty when absent.
  std::string_view parameter(std::string_view name) const;
  std::string_view query(std::string_view name) const;
};

// The way to answer one request, once. Copies share that one answer; when the last one goes without an answer, the client
// gets 500. May outlive the server; then it does nothing.
class Responder {
 public:
  struct State;
  explicit Responder(std::shared_ptr<State> state) : state_(std::move(state)) {}
  // Answers after `delay`. Later calls do nothing.
  void send(Response response, std::chrono::milliseconds delay = {}) const;
  // Closes the connection without an answer.
  void hang_up() const;

 private:
  std::shared_ptr<State> state_;  // shared: handlers copy responders into whatever answers later
};

using Handler = std::function<void(const Incoming&, Responder)>;

struct Route {
  std::string method;
  std::string pattern;  // "/v1/operations/{key}": a segment in braces matches any one segment
  Handler handler;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system picks one
  std::size_t max_body = 1 << 20;
  // More clients wait until one goes.
  std::size_t max_connections = 4'096;
  // A connection that is silent for so long, between requests or within one, is closed.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);
};

class Server {
 public:
  // Listens when the constructor returns. Throws std::runtime_error, naming address and port, when it cannot.
  Server(ServerOptions options, std::vector<Route> routes);
  // stop() without patience, unless it was called before.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;

  // Accepts nothing more, lets requests that are being handled be answered for at most `patience`, closes everything and
  // waits for the thread. Not to be called from a handler.
  void stop(std::chrono::milliseconds patience);

 private:
  class Engine;
  std::shared_ptr<Engine> engine_;  // shared: responders outlive the server
};

}  // namespace ordersaga::runtime::http
