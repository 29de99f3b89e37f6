#include "tests/support/frontend_proxy.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "runtime/postgres/connection.h"

namespace ordersaga::testing_support {

namespace {

constexpr int kPoll = 50;  // milliseconds; how soon a proxy that is to stop does so

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("too long for a socket's path: " + path);
  path.copy(address.sun_path, path.size());
  return address;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::uint32_t big_endian(std::string_view four) {
  std::uint32_t value = 0;
  for (char c : four.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// A message of the client at the start of `bytes`; length 0: not whole yet. The first one of a connection has no type.
struct Message {
  char type = 0;
  std::size_t length = 0;
  std::string_view body;
};
Message first_message(std::string_view bytes, bool started) {
  std::size_t head = started ? 5 : 4;
  if (bytes.size() < head) return {};
  std::size_t length = big_endian(bytes.substr(head - 4)) + head - 4;
  if (bytes.size() < length) return {};
  return {started ? bytes[0] : '\0', length, bytes.substr(head, length - head)};
}

// Keyword of a target.
std::string value_of(const std::string& target, std::string_view keyword) {
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(target.c_str(), nullptr), PQconninfoFree);
  for (const PQconninfoOption* o = options.get(); o != nullptr && o->keyword != nullptr; ++o)
    if (o->keyword == keyword && o->val != nullptr) return o->val;
  return {};
}

}  // namespace

FrontendProxy::FrontendProxy(const std::string& target, Plan plan) : plan_(std::move(plan)) {
  std::string host = value_of(target, "host"), port = value_of(target, "port");
  std::string socket_name = "/.s.PGSQL." + (port.empty() ? std::string("5432") : port);
  if (!host.starts_with('/')) throw std::runtime_error("the proxy needs a server on a Unix socket, not " + host);
  server_socket_ = host + socket_name;
  std::string name = (std::filesystem::temp_directory_path() / "ordersaga-proxy.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder in " + name);
  folder_ = name;
  sockaddr_un address = address_of(folder_ + socket_name);
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0 || bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 8) != 0)
    throw std::runtime_error("the proxy cannot listen in " + folder_);
  acceptor_ = std::thread([this] { accept_all(); });
}

FrontendProxy::~FrontendProxy() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& t : sessions_) t.join();
  close(listener_);
  std::filesystem::remove_all(folder_);
}

std::string FrontendProxy::through(const std::string& target) const {
  return runtime::postgres::with_keyword(target, "host", folder_);
}

void FrontendProxy::accept_all() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (poll(&ready, 1, kPoll) <= 0) continue;
    int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    std::lock_guard lock(mutex_);
    sessions_.emplace_back([this, client] { serve(client); });
  }
}

void FrontendProxy::serve(int accepted) {
  Socket client(accepted), server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = address_of(server_socket_);
  if (connect(server.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
  std::string pending;     // of the client, not forwarded yet
  bool started = false;    // the start-up message has passed
  bool drop_next = false;  // the server's next word ends the connection
  bool stalled = false;    // nothing of the client passes any more
  char buffer[1 << 16];
  while (!stopping_) {
    pollfd ready[] = {{stalled ? -1 : client.fd(), POLLIN, 0}, {server.fd(), POLLIN, 0}};
    if (poll(ready, 2, kPoll) <= 0) continue;
    if (ready[1].revents != 0) {
      ssize_t got = read(server.fd(), buffer, sizeof buffer);
      if (got <= 0 || drop_next || !send_all(client.fd(), {buffer, static_cast<std::size_t>(got)})) return;
    }
    if (ready[0].revents == 0) continue;
    ssize_t got = read(client.fd(), buffer, sizeof buffer);
    if (got <= 0) return;
    pending.append(buffer, static_cast<std::size_t>(got));
    for (Message m = first_message(pending, started); m.length > 0; m = first_message(pending, started)) {
      Fault fault = started ? plan_(m.type, m.body) : Fault::none;
      if (fault != Fault::none) ++faults_;
      if (fault == Fault::cut_before) return;
      if (fault == Fault::stall_within) {
        send_all(server.fd(), std::string_view(pending).substr(0, m.length / 2));
        stalled = true;
        break;
      }
      drop_next = drop_next || fault == Fault::forward_drop_reply;
      if (!send_all(server.fd(), std::string_view(pending).substr(0, m.length))) return;
      // What is no TLS request and no cancel: the message that names user and database.
      if (!started) started = big_endian(m.body) == 196608;
      pending.erase(0, m.length);
    }
  }
}

}  // namespace ordersaga::testing_support
