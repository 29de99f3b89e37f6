// What a partition of the events topic promises its readers: first occurrences are dense, in order and of this shard; a
// repetition is the same to the byte. Any consumer can check it by positions alone.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <span>
#include <string>

#include "outbox-relay/message.h"

namespace ordersaga::relay::testing {

struct Occurrences {
  std::int64_t last = 0;  // position of the last first occurrence
  std::size_t repetitions = 0;
  std::optional<std::string> violation;
};

inline bool equal(const runtime::kafka::ConsumedMessage& a, const runtime::kafka::ConsumedMessage& b) {
  const auto same_header = [](const auto& x, const auto& y) { return x.name == y.name && x.value == y.value; };
  return a.key == b.key && a.value == b.value && a.partition == b.partition &&
         std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(), same_header);
}

// `messages` of one partition, from its beginning, in one epoch.
inline Occurrences first_occurrences(std::span<const runtime::kafka::ConsumedMessage> messages) {
  Occurrences found;
  std::map<std::int64_t, const runtime::kafka::ConsumedMessage*> seen;
  for (const auto& m : messages) {
    const std::optional<Place> place = place_of(m);
    const auto violated = [&](std::string_view what) {
      found.violation = fmt::format("offset {}: {}", m.offset, what);
      return found;
    };
    if (!place) return violated("no record");
    if (place->shard.value != m.partition) return violated("of another shard");
    if (const auto before = seen.find(place->position.value); before != seen.end()) {
      if (!equal(m, *before->second)) return violated(fmt::format("position {} comes again and is another", before->first));
      ++found.repetitions;
      continue;
    }
    if (place->position.value != found.last + 1) return violated(fmt::format("position {} after {}", place->position.value, found.last));
    found.last = place->position.value;
    seen.emplace(found.last, &m);
  }
  return found;
}

}  // namespace ordersaga::relay::testing
