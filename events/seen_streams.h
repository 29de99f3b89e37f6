// What a turn knows of streams because it has read them under its lock: nobody else can have appended to them since, so their
// last versions need not be asked for again. Not for several threads.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "events/recorded_event.h"

namespace ordersaga::events {

class SeenStreams {
 public:
  // `names` were read whole, from their first version, and `records` is all they hold. A name that ends in '.' stands for all
  // streams that begin with it.
  void add(std::span<const std::string> names, std::span<const RecordedEvent> records);

  // The last version of a stream, 0 when it has none; nothing when it was not read.
  std::optional<Version> last(std::string_view stream) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::unordered_map<std::string, Version, Hash, std::equal_to<>> last_;
};

}  // namespace ordersaga::events
