// The list of error codes is closed and the same everywhere: the constants, the table, the page for people.
#include "schemas/error_codes.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace ordersaga {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(std::string(ORDERSAGA_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// The page's rows, without what they mean: code -> retryable, HTTP, gRPC, exit.
std::map<std::string, std::vector<std::string>> documented() {
  std::map<std::string, std::vector<std::string>> rows;
  const std::regex row(R"(\| `([A-Z_]+)` \| [^|]+ \| (yes|no) \| (\d+) \| ([A-Z_]+) \| (\d+) \|)");
  const std::string page = read("docs/errors.md");
  for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it) {
    bool added = rows.emplace((*it)[1], std::vector<std::string>{(*it)[2], (*it)[3], (*it)[4], (*it)[5]}).second;
    EXPECT_TRUE(added) << (*it)[1] << " is there twice";
  }
  return rows;
}

TEST(ErrorCodes, are_those_of_docs_errors_md) {
  std::map<std::string, std::vector<std::string>> table;
  for (const ErrorCode& entry : kErrorCodes)
    table[std::string(entry.code)] = {entry.retryable ? "yes" : "no", std::to_string(entry.http), std::string(entry.grpc),
                                      std::to_string(entry.exit)};
  EXPECT_EQ(table.size(), std::size(kErrorCodes)) << "a code is there twice";
  EXPECT_EQ(documented(), table);
}

TEST(ErrorCodes, have_a_row_for_each_constant) {
  const std::string header = read("schemas/error_codes.h");
  const std::regex constant(R"re(constexpr std::string_view k\w+ = "([A-Z_]+)";)re");
  std::set<std::string> constants;
  for (std::sregex_iterator it(header.begin(), header.end(), constant), end; it != end; ++it) {
    constants.insert((*it)[1]);
    EXPECT_NE(find_error_code((*it)[1].str()), nullptr) << (*it)[1];
  }
  EXPECT_EQ(constants.size(), std::size(kErrorCodes));
}

// Only what is spelled out can be wrong: a constant that is not there does not build.
TEST(ErrorCodes, are_the_only_ones_that_rejections_spell_out) {
  const std::regex spelled(R"re(Rejection\s*\w*\{\s*"([A-Za-z_]*)")re");
  int files = 0;
  for (const char* folder : {"aggregates", "sagas", "consumers"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(ORDERSAGA_SOURCE_DIR) + "/" + folder)) {
      if (entry.path().extension() != ".cc") continue;
      ++files;
      std::string source = read(std::filesystem::relative(entry.path(), ORDERSAGA_SOURCE_DIR).string());
      for (std::sregex_iterator it(source.begin(), source.end(), spelled), end; it != end; ++it)
        EXPECT_NE(find_error_code((*it)[1].str()), nullptr) << (*it)[1] << " in " << entry.path();
    }
  EXPECT_GT(files, 10);
}

TEST(ErrorCodes, are_found_by_name) {
  EXPECT_EQ(find_error_code("ORDER_NOT_FOUND")->http, 404);
  EXPECT_EQ(find_error_code("ORDER_LOST"), nullptr);
  EXPECT_TRUE(is_retryable(error::kVersionConflict));
  EXPECT_FALSE(is_retryable(error::kInvalidTransition));
  EXPECT_FALSE(is_retryable("ORDER_LOST"));
}

}  // namespace
}  // namespace ordersaga
