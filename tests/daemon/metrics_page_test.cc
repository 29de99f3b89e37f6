// docs/metrics.md names each metric that the code makes, with its type, and no other.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

namespace ordersaga {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::map<std::string, std::string> documented() {
  std::map<std::string, std::string> types;
  const std::regex row(R"(\| `ordersaga_([a-z_]+)` \| (counter|gauge|histogram) \| ([a-z, ]*) ?\| [^|]+ \|)");
  const std::string page = read(fs::path(ORDERSAGA_SOURCE_DIR) / "docs/metrics.md");
  for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it)
    EXPECT_TRUE(types.emplace((*it)[1], (*it)[2]).second) << (*it)[1] << " is there twice";
  return types;
}

// counter("name"…, gauge("name"…, histogram("name"…, and the counters that our own words make.
std::map<std::string, std::string> made() {
  const std::regex maker(R"re(\b(counter|gauge|histogram|count|ByCode|cancelled_|rejected_)\(\s*(metrics_?,\s*)?"([a-z_]+)")re");
  std::map<std::string, std::string> types;
  for (const char* folder : {"runtime", "consumers", "daemon", "outbox-relay", "projections"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(ORDERSAGA_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".cc") continue;
      const std::string code = read(entry.path());
      for (std::sregex_iterator it(code.begin(), code.end(), maker), end; it != end; ++it) {
        const std::string word = (*it)[1];
        const std::string type = word == "gauge" || word == "histogram" ? word : "counter";
        const auto [known, added] = types.emplace((*it)[3], type);
        EXPECT_EQ(known->second, type) << (*it)[3] << " has two types";
      }
    }
  return types;
}

TEST(MetricsPage, names_every_metric_with_its_type_and_no_other) {
  EXPECT_GT(made().size(), 50U);
  EXPECT_EQ(documented(), made());
}

}  // namespace
}  // namespace ordersaga
