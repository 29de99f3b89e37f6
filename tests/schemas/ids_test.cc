#include "schemas/ids.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace ordersaga {
namespace {

// Values of Kafka's own test of its hash (UtilsTest.testMurmur2), and of the empty key; every length modulo 4 is among them.
TEST(Murmur2, gives_what_kafkas_java_partitioner_gives) {
  auto java = [](std::string_view key) { return static_cast<std::int32_t>(murmur2(key)); };
  EXPECT_EQ(java("21"), -973932308);
  EXPECT_EQ(java("foobar"), -790332482);
  EXPECT_EQ(java("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(java("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(java("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971);
  EXPECT_EQ(java("abc"), 479470107);
  EXPECT_EQ(java(""), 275646681);
}

TEST(Murmur2, takes_bytes_above_127_as_unsigned) {
  EXPECT_NE(murmur2("\xff\xff\xff\xff\xff"), murmur2("\x7f\x7f\x7f\x7f\x7f"));
  static_assert(murmur2("abc") == 479470107U, "works at compile time");
}

TEST(Shard, of_a_key_is_the_positive_hash_modulo_the_shards) {
  EXPECT_EQ(shard_of("21", 16), Shard((-973932308 & 0x7fffffff) % 16));
  for (int shards : {1, 2, 16, 64, kMaxShards})
    for (int i = 0; i < 1'000; ++i) {
      Shard shard = shard_of("order-" + std::to_string(i), shards);
      ASSERT_GE(shard.value, 0);
      ASSERT_LT(shard.value, shards);
    }
}

TEST(Shard, spreads_keys_evenly) {
  int count[16] = {};
  for (int i = 0; i < 16'000; ++i) ++count[shard_of("0192f3a1-" + std::to_string(i), 16).value];
  for (int keys : count) {
    EXPECT_GT(keys, 800);
    EXPECT_LT(keys, 1'200);
  }
}

TEST(Id, is_1_to_64_of_the_allowed_characters) {
  for (std::string_view good : {"a", "0192f3a1-9c2e-7b3d-8f00-000000000001", "A.b_c:d-e", "7"}) EXPECT_TRUE(is_valid_id(good)) << good;
  EXPECT_TRUE(is_valid_id(std::string(64, 'x')));
  EXPECT_FALSE(is_valid_id(std::string(65, 'x')));
  for (std::string_view bad : {"", " ", "a b", "a/b", "ä", "a\n", "a%", "@", "[", "`", "{"}) EXPECT_FALSE(is_valid_id(bad)) << bad;
  EXPECT_FALSE(is_valid_id(std::string_view("a\0b", 3)));
}

TEST(Id, allows_exactly_66_characters) {
  int allowed = 0;
  for (int c = 0; c < 256; ++c) allowed += is_valid_id(std::string(1, static_cast<char>(c)));
  EXPECT_EQ(allowed, 26 + 26 + 10 + 4);
}

TEST(Strong, numbers_do_not_mix) {
  static_assert(!std::is_convertible_v<Position, Version>);
  static_assert(!std::is_constructible_v<Position, Version>);
  static_assert(!std::is_convertible_v<int, Position>);
  EXPECT_EQ(Position(41).next(), Position(42));
  EXPECT_LT(Version(1), Version(2));
  EXPECT_EQ(Epoch().value, 0);
}

}  // namespace
}  // namespace ordersaga
