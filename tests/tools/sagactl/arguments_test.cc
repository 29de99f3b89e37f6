#include <gtest/gtest.h>

#include "tests/tools/sagactl/test_console.h"

namespace ordersaga::sagactl::test {
namespace {

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Nothing listens there.
const std::map<std::string, std::string> kNowhere = {{"ORDERSAGA_DATABASE", "host=127.0.0.1 port=1 dbname=none"},
                                                     {"ORDERSAGA_BROKERS", "127.0.0.1:1"}};

TEST(Arguments, WithoutACommandNameTheCommands) {
  Outcome outcome = sagactl({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(says(outcome.err, "order, saga, stock")) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

TEST(Arguments, WithATypoGetASuggestion) {
  EXPECT_TRUE(says(sagactl({"oder", "list"}).err, "did you mean order?"));
  EXPECT_TRUE(says(sagactl({"order", "lst"}).err, "did you mean list?"));
  EXPECT_TRUE(says(sagactl({"order", "list", "--stauts", "x"}).err, "did you mean --status?"));
  EXPECT_EQ(sagactl({"oder"}).code, 2);
}

TEST(Arguments, WithAFlagBeforeATypoStillGetASuggestion) {
  EXPECT_TRUE(says(sagactl({"-o", "json", "oder", "list"}).err, "did you mean order?"));
}

TEST(Arguments, OfAWrongKindAreUsageErrors) {
  EXPECT_EQ(sagactl({"order", "list", "-o", "xml"}).code, 2);
  EXPECT_EQ(sagactl({"order", "list", "--limit", "-1"}).code, 2);
  EXPECT_EQ(sagactl({"order", "list", "--timeout", "soon"}).code, 2);
  EXPECT_EQ(sagactl({"order", "get"}).code, 2);
  EXPECT_EQ(sagactl({"events", "list", "--order", "a", "--stream", "b"}).code, 2);
}

TEST(Arguments, OfHelpGoToStdout) {
  Outcome outcome = sagactl({"order", "--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(says(outcome.out, "place"));
  EXPECT_EQ(outcome.err, "");
}

TEST(Arguments, MayStandAfterTheVerb) {
  EXPECT_EQ(sagactl({"version", "-o", "json"}).out, "{\n  \"version\": \"0.1.0\"\n}\n");
  EXPECT_EQ(sagactl({"-o", "jsonl", "version"}).out, "{\"version\":\"0.1.0\"}\n");
}

TEST(Arguments, GivenTwiceCountTheLastTime) {
  EXPECT_EQ(sagactl({"-o", "json", "version", "-o", "table"}).out, "sagactl 0.1.0\n");
}

TEST(Arguments, WithAPasswordAreRefused) {
  Outcome outcome = sagactl({"order", "list", "--database", "dbname=x password=secret"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(says(outcome.err, "ORDERSAGA_DATABASE_PASSWORD"));
  EXPECT_FALSE(says(outcome.err, "secret"));
}

TEST(Arguments, OfADatabaseThatCannotBeReadAreRefused) {
  EXPECT_EQ(sagactl({"order", "list", "--database", "dbname"}).code, 2);
}

TEST(Unreachable, PostgresIsExitCodeSeven) {
  Outcome outcome = sagactl({"order", "list"}, kNowhere);
  EXPECT_EQ(outcome.code, 7) << outcome.err;
  EXPECT_TRUE(says(outcome.err, "next: check --database")) << outcome.err;
}

TEST(Unreachable, KafkaIsExitCodeSeven) {
  EXPECT_EQ(sagactl({"topic", "list", "--timeout", "300ms"}, kNowhere).code, 7);
  EXPECT_EQ(sagactl({"stock", "receive", "SKU-1", "ams", "1", "--timeout", "300ms"}, kNowhere).code, 7);
}

TEST(Doctor, FindsWhatIsUnreachable) {
  Outcome outcome = sagactl({"doctor", "-o", "jsonl", "--timeout", "500ms", "--gateway-url", "http://127.0.0.1:1"}, kNowhere);
  EXPECT_EQ(outcome.code, 8);
  EXPECT_TRUE(says(outcome.out, "{\"check\":\"database\",\"state\":\"failed\"")) << outcome.out;
  EXPECT_TRUE(says(outcome.out, "{\"check\":\"kafka\",\"state\":\"failed\"")) << outcome.out;
  EXPECT_TRUE(says(outcome.out, "{\"check\":\"gateway\",\"state\":\"failed\"")) << outcome.out;
}

TEST(Receive, RefusesWhatIsNoId) {
  EXPECT_EQ(sagactl({"stock", "receive", "SKU 1", "ams", "1"}, kNowhere).code, 2);
  EXPECT_EQ(sagactl({"stock", "receive", "SKU-1", "ams", "0"}, kNowhere).code, 2);
}

TEST(Topics, OfOthersAreNotMade) {
  Outcome outcome = sagactl({"topic", "create", "payments", "--partitions", "1"}, kNowhere);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(says(outcome.err, "ordersaga.replies.<client>.v1")) << outcome.err;
}

TEST(Produce, WantsATypeAndJsonOfIt) {
  EXPECT_EQ(sagactl({"topic", "produce", "--type", "no.such.Type", "--key", "a"}, kNowhere, "{}").code, 2);
  EXPECT_EQ(sagactl({"topic", "produce", "--type", "ordersaga.shipment.v1.RecordPack", "--key", "a"}, kNowhere, "{\"x\":1}").code, 2);
}

}  // namespace
}  // namespace ordersaga::sagactl::test
