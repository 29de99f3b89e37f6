#include "events/seen_streams.h"

#include <algorithm>

namespace ordersaga::events {

void SeenStreams::add(std::span<const std::string> names, std::span<const RecordedEvent> records) {
  last_.reserve(last_.size() + names.size());
  for (const std::string& name : names) last_.try_emplace(name, Version(0));
  for (const RecordedEvent& e : records) {
    Version& last = last_.try_emplace(e.stream, Version(0)).first->second;
    last = std::max(last, e.version);
  }
}

std::optional<Version> SeenStreams::last(std::string_view stream) const {
  if (auto found = last_.find(stream); found != last_.end()) return found->second;
  std::size_t dot = stream.rfind('.');
  if (dot != std::string_view::npos && last_.contains(stream.substr(0, dot + 1))) return Version(0);
  return std::nullopt;
}

}  // namespace ordersaga::events
