#include "runtime/http/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <thread>
#include <unordered_set>

#include "runtime/http/router.h"
#include "runtime/http/server_session.h"

namespace ordersaga::runtime::http {

using boost::system::error_code;

// Everything below runs on the engine's thread, but the constructor, stop() and what Responder calls.
class Server::Engine final : public SessionOwner, public std::enable_shared_from_this<Server::Engine> {
 public:
  Engine(ServerOptions options, std::vector<Route> routes)
      : options_(std::move(options)), router_(std::move(routes)), acceptor_(io_), again_(io_), patience_(io_) {
    auto address = asio::ip::make_address(options_.address);
    tcp::endpoint endpoint(address, options_.port);
    try {
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
    } catch (const boost::system::system_error& error) {
      throw std::runtime_error("cannot listen on " + options_.address + ":" + std::to_string(options_.port) + ": " +
                               error.code().message());
    }
    port_ = acceptor_.local_endpoint().port();
  }

  ~Engine() override = default;

  void start() {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  void stop(std::chrono::milliseconds patience) {
    if (!thread_.joinable()) return;
    asio::post(io_, [this, patience] { begin_stop(patience); });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  // SessionOwner
  asio::io_context& io() override { return io_; }
  const ServerOptions& options() const override { return options_; }
  bool stopping() const override { return stopping_; }
  std::shared_ptr<SessionOwner> shared_owner() override { return shared_from_this(); }

  void handle(Request request, Responder responder) override {
    Incoming incoming{std::move(request), {}, {}, {}};
    bool known_path = false;
    const Handler* handler = router_.find(incoming, known_path);
    if (!handler) return responder.send(known_path ? error(405, "method_not_allowed") : error(404, "no_such_path"));
    try {
      (*handler)(incoming, responder);
    } catch (const std::exception& failure) {
      responder.send(Response::text(500, std::string(failure.what()) + "\n"));
    }
  }

  void closed(Session& session) override {
    sessions_.erase(session.shared_from_this());
    if (stopping_ && sessions_.empty()) return finish_stop();
    if (full_ && !stopping_) {
      full_ = false;
      accept();
    }
  }

 private:
  static Response error(int status, const std::string& code) { return Response::json(status, R"({"error":{"code":")" + code + "\"}}"); }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (stopping_) return;
      if (error) {
        // Out of file descriptors or memory: no client can be taken until something is freed.
        again_.expires_after(std::chrono::milliseconds(50));
        again_.async_wait([this](error_code cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      socket.set_option(tcp::no_delay(true), error);
      auto session = std::make_shared<Session>(*this, std::move(socket));
      sessions_.insert(session);
      session->read();
      full_ = sessions_.size() >= options_.max_connections;
      if (!full_) accept();
    });
  }

  void begin_stop(std::chrono::milliseconds patience) {
    stopping_ = true;
    again_.cancel();
    error_code ignored;  // a listener that cannot be closed goes with the process
    acceptor_.close(ignored);
    for (const auto& session : std::vector(sessions_.begin(), sessions_.end()))
      if (session->idle()) session->close();
    if (sessions_.empty()) return finish_stop();
    patience_.expires_after(patience);
    patience_.async_wait([this](error_code cancelled) {
      if (!cancelled) finish_stop();
    });
  }

  void finish_stop() {
    for (const auto& session : std::vector(sessions_.begin(), sessions_.end())) session->close();
    // Answers that were to be given later are not waited for.
    io_.stop();
  }

  const ServerOptions options_;
  const Router router_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer again_;
  asio::steady_timer patience_;
  std::unordered_set<std::shared_ptr<Session>> sessions_;
  std::uint16_t port_ = 0;
  bool full_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

Server::Server(ServerOptions options, std::vector<Route> routes)
    : engine_(std::make_shared<Engine>(std::move(options), std::move(routes))) {
  engine_->start();
}

Server::~Server() {
  stop({});
}

std::uint16_t Server::port() const {
  return engine_->port();
}

void Server::stop(std::chrono::milliseconds patience) {
  engine_->stop(patience);
}

}  // namespace ordersaga::runtime::http
