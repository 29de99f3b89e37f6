// HTTP requests and responses as plain values, for the client and the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ordersaga::runtime::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  // path and query, percent-encoded
  std::vector<Header> headers;
  std::string body;

  // Value of the first header of that name (letter case does not matter); empty when absent.
  std::string_view header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;

  std::string_view header(std::string_view name) const;

  static Response json(int status, std::string body) { return {status, {{"Content-Type", "application/json"}}, std::move(body)}; }
  static Response text(int status, std::string body) { return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)}; }
};

// Where a server listens.
struct Endpoint {
  std::string host;
  std::uint16_t port = 80;

  // Of "http://host[:port]" (a slash may follow). Throws std::invalid_argument that says what is wrong with `url`.
  static Endpoint parse(std::string_view url);
  // "host:port".
  std::string text() const;
  bool operator==(const Endpoint&) const = default;
};

// A path segment or a query value: everything but unreserved characters becomes %XX, and back. decode leaves a broken %
// sequence as it is.
std::string percent_encode(std::string_view text);
std::string percent_decode(std::string_view text);

}  // namespace ordersaga::runtime::http
