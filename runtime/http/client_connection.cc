#include "runtime/http/client_connection.h"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/system/error_code.hpp>

namespace ordersaga::runtime::http {

using boost::system::error_code;

namespace {
constexpr std::size_t kReadSize = 8 * 1024;
}

Exchange::Exchange(asio::io_context& io, const Endpoint& to, Request from, std::chrono::milliseconds within, Client::Done on_done)
    : endpoint(to), timeout(within), done(std::move(on_done)), deadline(io, within) {
  request.version(11);
  request.method_string(from.method);
  request.target(from.target);
  request.set(beast::http::field::host, endpoint.text());
  for (const Header& h : from.headers) request.insert(h.name, h.value);
  request.body() = std::move(from.body);
  request.prepare_payload();
}

void Connection::open(tcp::resolver& resolver, std::shared_ptr<Exchange> exchange) {
  exchange_ = std::move(exchange);
  exchange_->connection = weak_from_this();
  const Endpoint& to = exchange_->endpoint;
  error_code not_numeric;
  auto address = asio::ip::make_address(to.host, not_numeric);
  if (!not_numeric) return connect(tcp::resolver::results_type::create(tcp::endpoint(address, to.port), to.host, std::to_string(to.port)));
  resolver.async_resolve(to.host, std::to_string(to.port), [self = shared_from_this()](error_code error, auto addresses) {
    if (self->closed_) return;
    if (error) return self->close("cannot find " + self->exchange_->endpoint.host + ": " + error.message());
    self->connect(addresses);
  });
}

void Connection::connect(const tcp::resolver::results_type& addresses) {
  asio::async_connect(socket_, addresses, [self = shared_from_this()](error_code error, const tcp::endpoint&) {
    if (self->closed_) return;
    if (error) return self->close("cannot connect to " + self->exchange_->endpoint.text() + ": " + error.message());
    self->socket_.set_option(tcp::no_delay(true), error);
    self->read();
    self->send();
  });
}

void Connection::submit(std::shared_ptr<Exchange> exchange) {
  exchange_ = std::move(exchange);
  exchange_->connection = weak_from_this();
  send();
}

bool Connection::still_open() {
  char byte;
  ssize_t n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::send() {
  parser_.emplace();
  parser_->eager(true);
  parser_->body_limit(owner_.max_response_body());
  if (exchange_->request.method() == beast::http::verb::head) parser_->skip(true);
  sending_ = true;
  write_pending_ = true;
  // The exchange is held by the handler: the write reads from it even when its fate is known already.
  beast::http::async_write(socket_, exchange_->request, [self = shared_from_this(), exchange = exchange_](error_code error, std::size_t n) {
    self->on_written(error, n);
  });
}

void Connection::on_written(error_code error, std::size_t bytes) {
  write_pending_ = false;
  if (closed_ || !error) return;
  if (bytes > 0 || !exchange_) return close("sending failed: " + error.message());
  std::shared_ptr<Exchange> exchange = std::move(exchange_);
  exchange_ = nullptr;
  close();
  owner_.not_started(*pool_, std::move(exchange));
}

void Connection::read() {
  socket_.async_read_some(buffer_.prepare(kReadSize),
                          [self = shared_from_this()](error_code error, std::size_t n) { self->on_read(error, n); });
}

void Connection::on_read(error_code error, std::size_t bytes) {
  if (closed_) return;
  buffer_.commit(bytes);
  // Closed while idle, or talking unasked: of no use any more.
  if (!exchange_) return close();
  if (error == asio::error::eof && parser_->got_some()) {
    error_code incomplete;
    parser_->put_eof(incomplete);
    if (!incomplete && parser_->is_done()) return answered();
  }
  if (error) return close("the connection broke before the answer: " + error.message());
  if (!parse(error)) return close("the answer is no HTTP: " + error.message());
  if (parser_->is_done()) return answered();
  read();
}

bool Connection::parse(error_code& error) {
  while (buffer_.size() > 0 && !parser_->is_done()) {
    std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    if (error == beast::http::error::need_more) {
      error = {};
      return true;
    }
    if (error) return false;
    if (parser_->is_done() && parser_->get().result_int() / 100 == 1) {  // 100 Continue and its like: the answer follows
      parser_.emplace();
      parser_->eager(true);
      parser_->body_limit(owner_.max_response_body());
    }
  }
  return true;
}

void Connection::answered() {
  auto message = parser_->release();
  Result result{Fate::answered, {}, {}};
  result.response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) result.response.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  result.response.body = std::move(message.body());
  // An answer that came before the whole request was written, or bytes behind the answer: do not use the connection again.
  bool reusable = message.keep_alive() && !write_pending_ && buffer_.size() == 0 && socket_.is_open();
  std::shared_ptr<Exchange> exchange = std::move(exchange_);
  exchange_ = nullptr;
  sending_ = false;
  parser_.reset();
  if (reusable) {
    read();
    owner_.became_idle(shared_from_this());
  } else {
    close();
  }
  owner_.finish(*exchange, std::move(result));
}

void Connection::close(const std::string& why) {
  if (closed_) return;
  closed_ = true;
  error_code ignored;  // nothing is left to be done about it
  socket_.close(ignored);
  std::shared_ptr<Exchange> exchange = std::move(exchange_);
  exchange_ = nullptr;
  auto self = shared_from_this();
  owner_.closed(self);
  if (exchange) owner_.finish(*exchange, {sending_ ? Fate::unknown : Fate::not_sent, {}, why});
}

}  // namespace ordersaga::runtime::http
