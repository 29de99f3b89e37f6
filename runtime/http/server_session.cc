#include "runtime/http/server_session.h"

#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace ordersaga::runtime::http {

using boost::system::error_code;

namespace {
constexpr std::size_t kDrainSize = 64 * 1024;
constexpr std::chrono::seconds kDrainFor(2);
}  // namespace

template <class F>
void Responder::State::post(F what) {
  // The handler holds no owner: it lies in the owner's own queue, and would keep it for ever.
  asio::post(owner->io(), [session = session, what = std::move(what)]() mutable {
    if (auto open = session.lock()) what(*open);
  });
}

Responder::State::~State() {
  if (!answered.exchange(true)) post([](Session& session) { session.answer(Response::text(500, "no answer was given\n"), {}); });
}

void Responder::send(Response response, std::chrono::milliseconds delay) const {
  if (state_->answered.exchange(true)) return;
  state_->post([response = std::move(response), delay](Session& session) mutable { session.answer(std::move(response), delay); });
}

void Responder::hang_up() const {
  if (state_->answered.exchange(true)) return;
  state_->post([](Session& session) { session.close(); });
}

void Session::read() {
  idle_ = buffer_.size() == 0;
  parser_.emplace();
  parser_->body_limit(owner_.options().max_body);
  stream_.expires_after(owner_.options().idle_timeout);
  beast::http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
}

void Session::on_read(error_code error) {
  if (closed_) return;
  idle_ = false;
  stream_.expires_never();
  if (error) {
    int status = 400;
    if (error == beast::http::error::body_limit) status = 413;
    if (error == beast::http::error::header_limit) status = 431;
    bool protocol = error.category() == make_error_code(beast::http::error::bad_method).category();
    if (!protocol || error == beast::http::error::end_of_stream || error == beast::http::error::partial_message) return close();
    keep_alive_ = false;
    unread_ = true;
    return write(Response::text(status, error.message() + "\n"));
  }
  auto message = parser_->release();
  keep_alive_ = message.keep_alive();
  head_ = message.method() == beast::http::verb::head;
  Request request{std::string(message.method_string()), std::string(message.target()), {}, std::move(message.body())};
  for (const auto& field : message) request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  owner_.handle(std::move(request), Responder(std::make_shared<Responder::State>(owner_.shared_owner(), weak_from_this())));
}

void Session::answer(Response response, std::chrono::milliseconds delay) {
  if (closed_) return;
  if (delay <= std::chrono::milliseconds::zero()) return write(std::move(response));
  delay_.expires_after(delay);
  delay_.async_wait([self = shared_from_this(), response = std::move(response)](error_code cancelled) mutable {
    if (!cancelled) self->write(std::move(response));
  });
}

void Session::write(Response response) {
  if (closed_) return;
  bool keep = keep_alive_ && !owner_.stopping();
  response_ = {};
  response_.version(11);
  response_.result(static_cast<unsigned>(response.status));
  for (const Header& h : response.headers) response_.insert(h.name, h.value);
  response_.body() = std::move(response.body);
  response_.prepare_payload();
  if (head_) response_.body().clear();
  response_.keep_alive(keep);
  stream_.expires_after(owner_.options().idle_timeout);
  beast::http::async_write(stream_, response_, [self = shared_from_this(), keep](error_code error, std::size_t) {
    if (self->closed_) return;
    if (self->unread_ && !error) return self->drain();
    if (error || !keep || self->owner_.stopping()) return self->close();
    self->read();
  });
}

void Session::drain() {
  error_code ignored;  // the peer may be gone already
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kDrainFor);
  drain_some();
}

void Session::drain_some() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(kDrainSize), [self = shared_from_this()](error_code error, std::size_t) {
    if (self->closed_) return;
    if (error) return self->close();
    self->drain_some();
  });
}

void Session::close() {
  if (closed_) return;
  closed_ = true;
  auto self = shared_from_this();
  delay_.cancel();
  error_code ignored;  // the peer may be gone already
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.close();
  owner_.closed(*this);
}

}  // namespace ordersaga::runtime::http
