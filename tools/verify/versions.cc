#include "tools/verify/versions.h"

#include <fmt/format.h>

namespace ordersaga::verify {

void VersionsChecker::begin(const ShardSnapshot&) {
  last_.clear();
}

void VersionsChecker::see(const LogEntry& entry) {
  const events::RecordedEvent& r = entry.record;
  if (entry.message == nullptr)
    findings_.add({"I1", entry.place(), "bytes of a type that is known",
                   fmt::format("type number {}, {} bytes that cannot be read as it", r.type.value, r.payload.size())});
  std::string_view key = r.stream.empty() ? std::string_view(entry.metadata.key()) : entry.stream.key;
  if (key.empty()) {
    findings_.add({"I1", entry.place(), "a stream of a known form, or a key in the metadata", fmt::format("stream '{}'", r.stream)});
  } else if (shard_of(key, shards_) != r.shard) {
    findings_.add({"I1", r.stream.empty() ? entry.place() : r.stream, fmt::format("records in shard {}", shard_of(key, shards_).value),
                   fmt::format("a record at {}", entry.place())});
  }
  if (r.stream.empty()) {
    if (r.version != Version(0))
      findings_.add({"I1", entry.place(), "no version without a stream", fmt::format("version {}", r.version.value)});
    return;
  }
  Version& last = last_[r.stream];
  if (r.version != last.next())
    findings_.add(
        {"I1", r.stream, fmt::format("version {} at {}", last.value + 1, entry.place()), fmt::format("version {}", r.version.value)});
  last = r.version;
}

}  // namespace ordersaga::verify
