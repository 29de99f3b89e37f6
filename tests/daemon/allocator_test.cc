// That the daemon's allocator does what it is told: a setting that it does not know, or does not find, it passes over.
#include "daemon/allocator.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

namespace ordersaga::daemon {
namespace {

// Of the daemon, which does nothing else; what jemalloc says of its settings.
std::string statistics() {
  std::FILE* out = popen("MALLOC_CONF=stats_print:true,confirm_conf:true " ORDERSAGA_DAEMON " --version 2>&1", "r");
  if (out == nullptr) return "";
  std::string text;
  std::array<char, 4096> piece;
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), out)) text.append(piece.data(), size);
  EXPECT_EQ(pclose(out), 0);
  return text;
}

TEST(Allocator, TheDaemonsOneIsToldHowToGiveMemoryBack) {
  const std::string said = statistics();
  ASSERT_NE(said.find("jemalloc statistics"), std::string::npos) << said;
  const std::string settings(kAllocatorSettings);
  for (std::size_t begin = 0; begin < settings.size();) {
    const std::size_t end = std::min(settings.find(',', begin), settings.size());
    const std::string setting = settings.substr(begin, end - begin);
    const std::size_t colon = setting.find(':');
    EXPECT_NE(said.find("opt." + setting.substr(0, colon) + ": " + setting.substr(colon + 1)), std::string::npos)
        << setting << " has no effect:\n"
        << said;
    begin = end + 1;
  }
  EXPECT_EQ(said.find("Invalid conf"), std::string::npos) << said;
}

}  // namespace
}  // namespace ordersaga::daemon
