#include "runtime/log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace ordersaga::runtime::log {
namespace {

template <typename Action>
std::string stderr_of(Action action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectALineWithTypedFields) {
  configure(Level::info, Format::json);
  const std::string out = stderr_of([] {
    info("shard is busy", {{"shard", 3}, {"ratio", 0.5}, {"open", true}, {"topic", "a.b"}, {"big", std::uint64_t{1} << 63}});
  });
  ASSERT_EQ(out.find('\n'), out.size() - 1);
  const auto line = nlohmann::json::parse(out);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["message"], "shard is busy");
  EXPECT_EQ(line["shard"], 3);
  EXPECT_EQ(line["ratio"], 0.5);
  EXPECT_EQ(line["open"], true);
  EXPECT_EQ(line["topic"], "a.b");
  EXPECT_EQ(line["big"], std::uint64_t{1} << 63);
  EXPECT_EQ(line["time"].get<std::string>().size(), std::string("2026-11-21T10:00:00.000Z").size());
}

TEST(Log, KeepsALineWholeWhateverTheDataHold) {
  configure(Level::info, Format::json);
  const std::string nasty = std::string("a\n\"b\" {} \x01 \xff", 12);
  const std::string out = stderr_of([&] { info("{} braces mean nothing {0}", {{"text", nasty}}); });
  ASSERT_EQ(out.find('\n'), out.size() - 1);
  const auto line = nlohmann::json::parse(out);
  EXPECT_EQ(line["message"], "{} braces mean nothing {0}");
  EXPECT_EQ(line["text"], "a\n\"b\" {} \x01 \xEF\xBF\xBD");
}

TEST(Log, WritesTextWithQuotedValues) {
  configure(Level::debug, Format::text);
  const std::string out = stderr_of([] { debug("started", {{"role", "relay"}, {"port", 8080}}); });
  EXPECT_NE(out.find("debug started role=\"relay\" port=8080\n"), std::string::npos) << out;
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  configure(Level::warn, Format::json);
  EXPECT_FALSE(enabled(Level::info));
  EXPECT_TRUE(enabled(Level::error));
  EXPECT_EQ(stderr_of([] { info("quiet"); }), "");
  EXPECT_NE(stderr_of([] { error("loud"); }), "");
}

TEST(Log, NamesTheThreadThatWrote) {
  configure(Level::info, Format::json);
  const std::string out = stderr_of([] {
    std::thread([] {
      name_thread("relay");
      info("hello");
    }).join();
  });
  EXPECT_EQ(nlohmann::json::parse(out)["thread"], "relay");
}

TEST(Secret, NeverShowsItsValue) {
  const Secret secret("hunter2");
  configure(Level::info, Format::json);
  const std::string logged = stderr_of([&] { info("connecting", {{"password", secret}}); });
  EXPECT_EQ(nlohmann::json::parse(logged)["password"], "***");
  EXPECT_EQ(fmt::format("{}", secret), "***");
  std::ostringstream stream;
  stream << secret;
  EXPECT_EQ(stream.str(), "***");
  EXPECT_EQ(secret.reveal(), "hunter2");
}

}  // namespace
}  // namespace ordersaga::runtime::log
