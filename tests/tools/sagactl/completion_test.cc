#include "tools/sagactl/completion.h"

#include <gtest/gtest.h>

#include "tests/tools/sagactl/test_console.h"
#include "tools/sagactl/app.h"

namespace ordersaga::sagactl::test {
namespace {

using Words = std::vector<std::string>;

Words completed(const Words& words) {
  GlobalFlags flags;
  Action chosen;
  auto app = make_app(flags, chosen);
  return complete(*app, words, [](const std::string& argument, const std::string& prefix) -> Words { return {argument + ":" + prefix}; });
}

TEST(Completion, OffersNounsAndVerbs) {
  EXPECT_EQ(completed({"or"}), Words{"order"});
  EXPECT_EQ(completed({"saga", ""}), (Words{"get", "list", "timeline"}));
  EXPECT_EQ(completed({"db", "m"}), Words{"migrate"});
}

TEST(Completion, OffersFlagsOfTheVerbAndOfAll) {
  EXPECT_EQ(completed({"order", "place", "--it"}), Words{"--item"});
  EXPECT_EQ(completed({"order", "place", "--ti"}), (Words{"--time-format", "--timeout"}));
}

TEST(Completion, AsksForLiveValuesOfArguments) {
  EXPECT_EQ(completed({"order", "get", "o-"}), Words{"order:o-"});
  EXPECT_EQ(completed({"saga", "timeline", ""}), Words{"saga:"});
  EXPECT_EQ(completed({"stock", "receive", "S"}), Words{"sku:S"});
}

TEST(Completion, PassesOverTheValuesOfFlags) {
  EXPECT_EQ(completed({"-o", "json", "order", "get", "x"}), Words{"order:x"});
  EXPECT_EQ(completed({"events", "list", "--order", "x"}), Words{"order:x"});
}

TEST(Completion, ComesAsAScriptForEachShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    Outcome outcome = sagactl({"completion", shell});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("sagactl __complete"), std::string::npos);
  }
  EXPECT_EQ(sagactl({"completion", "tcsh"}).code, 2);
}

TEST(Completion, SaysNothingWhenNothingAnswers) {
  Outcome outcome = sagactl({"__complete", "order", "get", ""}, {{"ORDERSAGA_DATABASE", "host=127.0.0.1 port=1"}});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out + outcome.err, "");
}

}  // namespace
}  // namespace ordersaga::sagactl::test
