#include "runtime/http/router.h"

#include <stdexcept>

namespace ordersaga::runtime::http {
namespace {

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  while (true) {
    std::size_t end = text.find(by);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string_view find(const std::vector<Header>& items, std::string_view name) {
  for (const Header& item : items)
    if (item.name == name) return item.value;
  return {};
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    bool same = is_parameter(pattern[i]) ? !path[i].empty() : pattern[i] == path[i];
    if (!same) return false;
  }
  return true;
}

}  // namespace

std::string_view Incoming::parameter(std::string_view name) const {
  return find(parameters, name);
}

std::string_view Incoming::query(std::string_view name) const {
  return find(query_items, name);
}

Router::Router(std::vector<Route> routes) {
  for (Route& route : routes) {
    if (route.pattern.empty() || route.pattern.front() != '/')
      throw std::invalid_argument("the route \"" + route.pattern + "\" does not begin with /");
    Compiled compiled{std::move(route), {}};
    for (std::string_view segment : split(compiled.route.pattern, '/')) compiled.segments.emplace_back(segment);
    routes_.push_back(std::move(compiled));
  }
}

const Handler* Router::find(Incoming& incoming, bool& known_path) const {
  std::string_view target = incoming.request.target;
  std::size_t question = target.find('?');
  std::string_view path = target.substr(0, question);
  incoming.path = std::string(path);
  std::vector<std::string_view> segments = split(path, '/');
  known_path = false;
  for (const Compiled& candidate : routes_) {
    if (!matches(candidate.segments, segments)) continue;
    known_path = true;
    if (candidate.route.method != incoming.request.method) continue;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      std::string_view name = candidate.segments[i];
      if (is_parameter(name)) incoming.parameters.push_back({std::string(name.substr(1, name.size() - 2)), percent_decode(segments[i])});
    }
    if (question != std::string_view::npos) {
      for (std::string_view item : split(target.substr(question + 1), '&')) {
        std::size_t equals = item.find('=');
        std::string_view value = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
        incoming.query_items.push_back({percent_decode(item.substr(0, equals)), percent_decode(value)});
      }
    }
    return &candidate.route.handler;
  }
  return nullptr;
}

}  // namespace ordersaga::runtime::http
