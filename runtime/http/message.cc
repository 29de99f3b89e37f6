#include "runtime/http/message.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace ordersaga::runtime::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view find_header(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& h : headers)
    if (std::equal(h.name.begin(), h.name.end(), name.begin(), name.end(), [](char a, char b) { return lower(a) == lower(b); }))
      return h.value;
  return {};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  return find_header(headers, name);
}

std::string_view Response::header(std::string_view name) const {
  return find_header(headers, name);
}

Endpoint Endpoint::parse(std::string_view url) {
  auto wrong = [&](const char* why) { return std::invalid_argument("\"" + std::string(url) + "\" is no http://host:port: " + why); };
  constexpr std::string_view scheme = "http://";
  if (url.substr(0, scheme.size()) != scheme) throw wrong("it does not begin with http://");
  std::string_view rest = url.substr(scheme.size());
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (rest.find_first_of("/?#@ ") != std::string_view::npos) throw wrong("only a host and a port may follow");
  Endpoint out;
  std::size_t colon = rest.rfind(':');
  out.host = std::string(rest.substr(0, colon));
  if (out.host.empty() || out.host.find(':') != std::string::npos) throw wrong("the host must be a name or an IPv4 address");
  if (colon != std::string_view::npos) {
    std::string_view digits = rest.substr(colon + 1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (error != std::errc() || end != digits.data() + digits.size() || out.port == 0) throw wrong("the port must be 1 to 65535");
  }
  return out;
}

std::string Endpoint::text() const {
  return host + ":" + std::to_string(port);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace ordersaga::runtime::http
