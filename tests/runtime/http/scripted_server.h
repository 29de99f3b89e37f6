// A server that does to its connections what a test's script says, byte for byte: the faults that no proper server has.
// The script of connection n (from 0) runs on the server's thread with the connected socket, which is closed behind it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "runtime/http/message.h"

namespace ordersaga::runtime::http {

class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  // Up to and with the blank line; requests of these tests have no body. Empty when the client closed.
  std::string read_request() {
    std::string text;
    char byte;
    while (text.find("\r\n\r\n") == std::string::npos) {
      if (::recv(fd_, &byte, 1, 0) <= 0) return {};
      text += byte;
    }
    return text;
  }
  void write(const std::string& text) { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  void answer(const std::string& body) { write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body); }
  // Makes the close that follows a reset.
  void reset_on_close() {
    linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  // Until the client goes away.
  void wait_for_close() {
    char byte;
    while (::recv(fd_, &byte, 1, 0) > 0) {
    }
  }

 private:
  int fd_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(int connection, Peer peer)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen on loopback");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  Endpoint endpoint() const { return {"127.0.0.1", port_}; }
  int connections() const { return connections_; }

 private:
  void run() {
    while (!stopping_) {
      int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) continue;
      script_(connections_++, Peer(fd));
      ::close(fd);
    }
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace ordersaga::runtime::http
