#include "tools/simulators/ledger_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "tests/tools/simulators/gateway_calls.h"
#include "tests/tools/simulators/temporary_folder.h"
#include "tools/simulators/carrier/json.h"
#include "tools/simulators/latency.h"
#include "tools/simulators/payment_gateway/json.h"

namespace ordersaga::simulators {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> out;
  LedgerFile file(path, false, [&](std::string_view line) { out.emplace_back(line); });
  return out;
}

TEST(LedgerFile, gives_back_what_was_appended_over_any_number_of_lives) {
  TemporaryFolder folder;
  for (int life = 0; life < 3; ++life) {
    int seen = 0;
    LedgerFile file(folder.file("l"), life == 1, [&](std::string_view) { ++seen; });
    EXPECT_EQ(seen, life);
    file.append("line " + std::to_string(life));
  }
  EXPECT_EQ(lines_of(folder.file("l")), (std::vector<std::string>{"line 0", "line 1", "line 2"}));
}

TEST(LedgerFile, cuts_off_a_last_line_that_was_never_finished) {
  TemporaryFolder folder;
  std::ofstream(folder.file("l")) << "whole\nhal";
  {
    LedgerFile file(folder.file("l"), false, [](std::string_view line) { EXPECT_EQ(line, "whole"); });
    file.append("next");
  }
  EXPECT_EQ(lines_of(folder.file("l")), (std::vector<std::string>{"whole", "next"}));
}

TEST(LedgerFile, names_the_line_that_cannot_be_read) {
  TemporaryFolder folder;
  std::ofstream(folder.file("l")) << "good\nbad\n";
  try {
    LedgerFile file(folder.file("l"), false, [](std::string_view line) {
      if (line == "bad") throw std::invalid_argument("no entry");
    });
    ADD_FAILURE() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()), folder.file("l") + ":2: no entry");
  }
}

TEST(LedgerFile, names_the_path_that_cannot_be_opened) {
  TemporaryFolder folder;
  try {
    LedgerFile file(folder.file("no/such/folder"), false, [](std::string_view) {});
    ADD_FAILURE() << "opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(folder.file("no/such/folder")), std::string::npos) << error.what();
  }
}

TEST(LedgerJson, brings_each_gateway_entry_back_whole) {
  using namespace payment_gateway;
  Gateway gateway;
  std::string auth = gateway.handle(authorization("a\"\\\xc3\xa9"), kStart + 5us).entry->id;
  gateway.handle(on(Kind::capture, "c", auth, 5'000), kStart);
  gateway.handle(by_key(Kind::void_, "v", "never"), kStart);
  for (const LedgerEntry& entry : gateway.ledger()) {
    LedgerEntry back = payment_gateway::parse_entry(payment_gateway::to_json(entry).dump());
    EXPECT_EQ(payment_gateway::to_json(back), payment_gateway::to_json(entry));
    EXPECT_EQ(back.fingerprint, entry.fingerprint);
    EXPECT_EQ(back.at, entry.at);
  }
}

TEST(Latency, reads_its_three_forms_and_repeats_itself_by_seed) {
  EXPECT_EQ(Latency("5", 1).next(), 5ms);
  EXPECT_EQ(Latency("0", 1).next(), 0ms);
  Latency uniform("5..20", 7), again("5..20", 7), exponential("exp:10", 7);
  std::chrono::milliseconds total{};
  for (int i = 0; i < 10'000; ++i) {
    auto delay = uniform.next();
    ASSERT_GE(delay, 5ms);
    ASSERT_LE(delay, 20ms);
    ASSERT_EQ(delay, again.next());
    auto wait = exponential.next();
    ASSERT_LE(wait, 200ms);
    total += wait;
  }
  EXPECT_NEAR(static_cast<double>(total.count()) / 10'000, 10, 0.5);
}

TEST(Latency, refuses_what_it_does_not_understand) {
  for (const char* bad : {"", "x", "5..", "20..5", "exp:", "-1", "5ms", "exp:-1", "1e9"})
    EXPECT_THROW(Latency(bad, 1), std::invalid_argument) << bad;
}

}  // namespace
}  // namespace ordersaga::simulators
