// One connection of the HTTP client, and the exchange that it carries. Internal to the client; lives on its thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "runtime/http/client.h"

namespace ordersaga::runtime::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

class Connection;
struct Pool;

// A request and what waits for its answer.
struct Exchange {
  Exchange(asio::io_context& io, const Endpoint& to, Request request, std::chrono::milliseconds within, Client::Done on_done);

  Endpoint endpoint;
  beast::http::request<beast::http::string_body> request;
  std::chrono::milliseconds timeout;
  Client::Done done;
  asio::steady_timer deadline;
  std::weak_ptr<Connection> connection;  // that carries it
  Pool* queued_in = nullptr;
  bool finished = false;
  bool moved = false;  // has already been moved from a dead connection
};

// The connections to one host, and what waits for one.
struct Pool {
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::vector<std::shared_ptr<Connection>> idle;
  std::deque<std::shared_ptr<Exchange>> queue;  // those whose deadline passed stay in it, finished
  std::size_t waiting = 0;                      // in `queue`, not finished
};

// What a connection tells its client.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual asio::io_context& io() = 0;
  virtual std::size_t max_response_body() const = 0;
  // The exchange's fate is known. A second call for one exchange does nothing.
  virtual void finish(Exchange& exchange, Result result) = 0;
  // Ready for another exchange.
  virtual void became_idle(const std::shared_ptr<Connection>& connection) = 0;
  // Gone; called once.
  virtual void closed(const std::shared_ptr<Connection>& connection) = 0;
  // Not a byte of the exchange was handed to the operating system.
  virtual void not_started(Pool& pool, std::shared_ptr<Exchange> exchange) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionOwner& owner, Pool& pool) : owner_(owner), pool_(&pool), socket_(owner.io()) {}

  // Connects, then sends.
  void open(tcp::resolver& resolver, std::shared_ptr<Exchange> exchange);
  // REQUIRES: idle.
  void submit(std::shared_ptr<Exchange> exchange);
  // Looks whether the server has closed an idle connection, or said something unasked.
  bool still_open();
  // Whether bytes of the current exchange may have left.
  bool may_have_sent() const { return sending_; }
  // The current exchange, if it is not finished, is unknown when bytes may have left, else not sent.
  void close(const std::string& why = "the connection was closed");
  Pool* pool() const { return pool_; }

 private:
  void connect(const tcp::resolver::results_type& addresses);
  void send();
  void on_written(boost::system::error_code error, std::size_t bytes);
  void read();
  void on_read(boost::system::error_code error, std::size_t bytes);
  // Feeds what was read to the parser. False: it is no HTTP.
  bool parse(boost::system::error_code& error);
  void answered();

  ConnectionOwner& owner_;
  Pool* pool_;
  tcp::socket socket_;
  beast::flat_buffer buffer_;
  std::shared_ptr<Exchange> exchange_;  // null: idle
  std::optional<beast::http::response_parser<beast::http::string_body>> parser_;
  bool sending_ = false;        // the exchange's write was started
  bool write_pending_ = false;  // and has not ended
  bool closed_ = false;
};

}  // namespace ordersaga::runtime::http
