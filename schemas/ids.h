// The identifiers that the contracts name, as types that cannot be mixed.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <string_view>

namespace ordersaga {

// Microseconds since 1970 UTC: the resolution of Postgres and of everything we record.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

// A whole number that only mixes with its own kind.
template <class Tag, class Int>
struct Strong {
  Int value{};
  constexpr Strong() = default;
  constexpr explicit Strong(Int v) : value(v) {}
  constexpr auto operator<=>(const Strong&) const = default;
  constexpr Strong next() const { return Strong(static_cast<Int>(value + 1)); }
};

// A part of the log; also the number of a Kafka partition of every topic of ours.
using Shard = Strong<struct ShardTag, std::int16_t>;
// Place of a record in its shard: dense from 1. 0: before the first record.
using Position = Strong<struct PositionTag, std::int64_t>;
// Place of a record in its stream: dense from 1. 0: the stream does not exist.
using Version = Strong<struct VersionTag, std::int32_t>;
// Which life of the log a position belongs to; raised by hand after the log was taken back in time.
using Epoch = Strong<struct EpochTag, std::int32_t>;

// The largest number of shards that an installation may have.
inline constexpr int kMaxShards = 256;

// Hash of Kafka's default Java partitioner (org.apache.kafka.common.utils.Utils.murmur2).
constexpr std::uint32_t murmur2(std::string_view key) {
  constexpr std::uint32_t m = 0x5bd1e995;
  std::uint32_t h = 0x9747b28cU ^ static_cast<std::uint32_t>(key.size());
  auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i])); };
  std::size_t i = 0;
  for (; i + 4 <= key.size(); i += 4) {
    std::uint32_t k = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    k *= m;
    k ^= k >> 24;
    k *= m;
    h = (h * m) ^ k;
  }
  switch (key.size() - i) {
    case 3:
      h ^= byte(i + 2) << 16;
      [[fallthrough]];
    case 2:
      h ^= byte(i + 1) << 8;
      [[fallthrough]];
    case 1:
      h ^= byte(i);
      h *= m;
      break;
    default:
      break;
  }
  h ^= h >> 13;
  h *= m;
  return h ^ (h >> 15);
}

// Shard of a partition key, of `shards` in all. REQUIRES: shards > 0.
constexpr Shard shard_of(std::string_view key, int shards) {
  return Shard(static_cast<std::int16_t>((murmur2(key) & 0x7fffffffU) % static_cast<std::uint32_t>(shards)));
}

// Whether a character may stand in an id, by its code: ids are looked at several times an order.
inline constexpr auto kIdCharacters = [] {
  std::array<bool, 256> allowed{};
  for (unsigned char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-")) allowed[c] = true;
  return allowed;
}();

// An id that clients may choose: 1 to 64 characters of [A-Za-z0-9._:-].
constexpr bool is_valid_id(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  bool ok = true;
  for (char c : id) ok &= kIdCharacters[static_cast<unsigned char>(c)];
  return ok;
}

}  // namespace ordersaga

template <class Tag, class Int>
struct std::hash<ordersaga::Strong<Tag, Int>> {
  std::size_t operator()(ordersaga::Strong<Tag, Int> v) const noexcept { return std::hash<Int>{}(v.value); }
};
