// One connection of the HTTP server. Internal to the server; lives on its thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>

#include "runtime/http/server.h"

namespace ordersaga::runtime::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

class Session;

class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  virtual asio::io_context& io() = 0;
  virtual const ServerOptions& options() const = 0;
  virtual bool stopping() const = 0;
  virtual void handle(Request request, Responder responder) = 0;
  virtual void closed(Session& session) = 0;
  virtual std::shared_ptr<SessionOwner> shared_owner() = 0;
};

// What the copies of a Responder share.
struct Responder::State {
  State(std::shared_ptr<SessionOwner> of, std::weak_ptr<Session> to) : owner(std::move(of)), session(std::move(to)) {}
  ~State();
  // Runs `what` on the session, on the server's thread, if both still are.
  template <class F>
  void post(F what);

  std::shared_ptr<SessionOwner> owner;  // shared: keeps the io_context, not the connection
  std::weak_ptr<Session> session;
  std::atomic<bool> answered{false};
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(SessionOwner& owner, tcp::socket socket) : owner_(owner), stream_(std::move(socket)), delay_(owner.io()) {}

  // Waits for the next request.
  void read();
  void answer(Response response, std::chrono::milliseconds delay);
  void close();
  // Between two requests.
  bool idle() const { return idle_; }

 private:
  void on_read(boost::system::error_code error);
  void write(Response response);
  // Takes what the client still sends for a while: closing on it at once would reset the connection, and the answer with it.
  void drain();
  void drain_some();

  SessionOwner& owner_;
  beast::tcp_stream stream_;
  asio::steady_timer delay_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  beast::http::response<beast::http::string_body> response_;
  bool keep_alive_ = true;
  bool head_ = false;    // the request was HEAD: its answer has no body
  bool unread_ = false;  // the answer came before the whole request
  bool idle_ = true;
  bool closed_ = false;
};

}  // namespace ordersaga::runtime::http
