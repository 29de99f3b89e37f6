#include "runtime/http/client.h"

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/http/client_connection.h"

namespace ordersaga::runtime::http {
namespace {

void refuse_control_characters(std::string_view text, const char* what) {
  for (char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      throw std::invalid_argument(std::string("an HTTP ") + what + " may not hold a control character");
}

void check(const Request& request) {
  refuse_control_characters(request.method, "method");
  refuse_control_characters(request.target, "target");
  if (request.target.empty() || request.target.front() != '/' || request.target.find(' ') != std::string::npos)
    throw std::invalid_argument("an HTTP target begins with / and has no blanks");
  for (const Header& h : request.headers) {
    refuse_control_characters(h.name, "header name");
    refuse_control_characters(h.value, "header value");
  }
}

}  // namespace

// Everything below runs on the engine's thread, but send(), post() and in_flight().
class Client::Engine final : public ConnectionOwner {
 public:
  explicit Engine(ClientOptions options)
      : options_(options), resolver_(io_), work_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}

  ~Engine() override {
    asio::post(io_, [this] { cancel_all(); });
    work_.reset();
    thread_.join();
  }

  void send(const Endpoint& endpoint, Request request, std::chrono::milliseconds timeout, Done done) {
    in_flight_.fetch_add(1, std::memory_order_relaxed);
    // Shared: by the queue or the connection, and by the deadline's handler.
    auto exchange = std::make_shared<Exchange>(io_, endpoint, std::move(request), timeout, std::move(done));
    asio::post(io_, [this, exchange = std::move(exchange)]() mutable { begin(std::move(exchange)); });
  }

  void post(std::function<void()> work) { asio::post(io_, std::move(work)); }

  std::size_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

  // ConnectionOwner
  asio::io_context& io() override { return io_; }
  std::size_t max_response_body() const override { return options_.max_response_body; }

  void finish(Exchange& exchange, Result result) override {
    if (exchange.finished) return;
    exchange.finished = true;
    exchange.deadline.cancel();
    live_.erase(&exchange);
    Done done = std::move(exchange.done);
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    done(std::move(result));
  }

  void became_idle(const std::shared_ptr<Connection>& connection) override {
    Pool& pool = *connection->pool();
    if (std::shared_ptr<Exchange> next = pop(pool)) {
      connection->submit(std::move(next));
    } else {
      pool.idle.push_back(connection);
    }
  }

  void closed(const std::shared_ptr<Connection>& connection) override {
    Pool& pool = *connection->pool();
    std::erase(pool.idle, connection);
    pool.connections.erase(connection);
    if (stopping_) return;
    if (std::shared_ptr<Exchange> next = pop(pool)) connect(pool, std::move(next));
  }

  void not_started(Pool& pool, std::shared_ptr<Exchange> exchange) override {
    if (exchange->finished) return;
    if (exchange->moved || stopping_)
      return finish(*exchange, {Fate::not_sent, {}, "every connection to " + exchange->endpoint.text() + " was closed before use"});
    exchange->moved = true;
    connect(pool, std::move(exchange));
  }

 private:
  void begin(std::shared_ptr<Exchange> exchange) {
    if (stopping_) return finish(*exchange, {Fate::cancelled, {}, "the client is stopping"});
    live_.emplace(exchange.get(), exchange);
    exchange->deadline.async_wait([this, exchange](boost::system::error_code error) {
      if (!error) expire(*exchange);
    });
    Pool& pool = pool_of(exchange->endpoint);
    while (!pool.idle.empty()) {
      // The most recently used one: the others grow old and are closed by the server, so the pool shrinks by itself.
      std::shared_ptr<Connection> connection = std::move(pool.idle.back());
      pool.idle.pop_back();
      if (connection->still_open()) return connection->submit(std::move(exchange));
      connection->close();
    }
    if (pool.connections.size() < options_.max_connections_per_host) return connect(pool, std::move(exchange));
    if (pool.waiting >= options_.max_queued_per_host)
      return finish(*exchange, {Fate::not_sent, {}, "too many requests wait for " + exchange->endpoint.text()});
    ++pool.waiting;
    exchange->queued_in = &pool;
    pool.queue.push_back(std::move(exchange));
  }

  void connect(Pool& pool, std::shared_ptr<Exchange> exchange) {
    // Shared: each asynchronous operation keeps its connection alive.
    auto connection = std::make_shared<Connection>(*this, pool);
    pool.connections.insert(connection);
    connection->open(resolver_, std::move(exchange));
  }

  void expire(Exchange& exchange) {
    if (exchange.finished) return;
    std::string after = " within " + std::to_string(exchange.timeout.count()) + " ms";
    std::shared_ptr<Connection> connection = exchange.connection.lock();
    bool sent = connection && connection->may_have_sent();
    if (exchange.queued_in) {
      --exchange.queued_in->waiting;
      exchange.queued_in = nullptr;
    }
    finish(exchange, sent ? Result{Fate::unknown, {}, "no answer of " + exchange.endpoint.text() + after}
                          : Result{Fate::not_sent, {}, "no connection to " + exchange.endpoint.text() + after});
    // Its answer would be taken for the next request's.
    if (connection) connection->close();
  }

  // The first request of the queue whose deadline has not passed; null when none waits.
  std::shared_ptr<Exchange> pop(Pool& pool) {
    while (!pool.queue.empty()) {
      std::shared_ptr<Exchange> next = std::move(pool.queue.front());
      pool.queue.pop_front();
      if (next->finished) continue;
      --pool.waiting;
      next->queued_in = nullptr;
      return next;
    }
    return nullptr;
  }

  Pool& pool_of(const Endpoint& endpoint) { return pools_[{endpoint.host, endpoint.port}]; }

  void cancel_all() {
    stopping_ = true;
    resolver_.cancel();
    auto live = std::move(live_);
    for (auto& [raw, exchange] : live) finish(*exchange, {Fate::cancelled, {}, "the client is stopping"});
    for (auto& [key, pool] : pools_) {
      auto connections = std::move(pool.connections);
      pool.connections.clear();
      pool.queue.clear();
      for (const std::shared_ptr<Connection>& connection : connections) connection->close();
    }
  }

  const ClientOptions options_;
  asio::io_context io_{1};
  tcp::resolver resolver_;
  std::map<std::pair<std::string, std::uint16_t>, Pool> pools_;
  std::unordered_map<Exchange*, std::shared_ptr<Exchange>> live_;
  std::atomic<std::size_t> in_flight_{0};
  bool stopping_ = false;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

Client::Client(ClientOptions options) : engine_(std::make_unique<Engine>(options)) {}

Client::~Client() = default;

void Client::send(const Endpoint& endpoint, Request request, std::chrono::milliseconds timeout, Done done) {
  check(request);
  engine_->send(endpoint, std::move(request), timeout, std::move(done));
}

void Client::post(std::function<void()> work) {
  engine_->post(std::move(work));
}

std::size_t Client::in_flight() const {
  return engine_->in_flight();
}

}  // namespace ordersaga::runtime::http
