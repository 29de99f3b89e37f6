#include "runtime/kafka/kafka_consumer.h"

#include <functional>
#include <memory>
#include <mutex>
#include <regex>
#include <set>
#include <thread>

#include "runtime/kafka/kafka_producer.h"
#include "tests/runtime/kafka/broker.h"

namespace ordersaga::runtime::kafka {
namespace {

using namespace std::chrono_literals;

// A member, and what it has seen so far.
struct Member {
  Member(const Config& config, const ConsumerOptions& options) : consumer(config, options) {}

  void poll(std::chrono::milliseconds timeout = 50ms) {
    Polled polled = consumer.poll(100, timeout);
    for (const Rebalance& change : polled.rebalances)
      for (std::int32_t partition : change.partitions) {
        if (change.assigned)
          owned.insert(partition);
        else
          owned.erase(partition);
      }
    for (ConsumedMessage& m : polled.messages) {
      EXPECT_TRUE(owned.contains(m.partition)) << "a message of a partition that is not assigned";
      messages.push_back(std::move(m));
    }
  }

  KafkaConsumer consumer;
  std::set<std::int32_t> owned;
  std::vector<ConsumedMessage> messages;
};

class Group : public testing::BrokerTest {
 protected:
  ConsumerOptions options(const std::string& group, const std::string& topic) {
    ConsumerOptions o;
    o.group = group;
    o.topics = {topic};
    o.session_timeout = 6s;
    o.commit_interval = 100ms;
    return o;
  }

  void fill(const std::string& topic, int partitions, int each) {
    KafkaProducer producer(config, {});
    std::vector<Delivery> fates;
    for (int p = 0; p < partitions; ++p)
      for (int i = 0; i < each; ++i) ASSERT_TRUE(producer.produce({topic, p, "k", std::to_string(i), {}}, 0));
    while (producer.in_flight() > 0) producer.poll(100ms, fates);
  }

  static bool eventually(const std::function<bool()>& done, std::chrono::seconds limit = 30s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done())
      if (std::chrono::steady_clock::now() > end) return false;
    return true;
  }
};

TEST_F(Group, AMemberAloneGetsAllPartitionsAndReadsThemInOrder) {
  const std::string topic = make_topic("alone", 4);
  fill(topic, 4, 500);
  Member member(config, options(unique("group"), topic));
  ASSERT_TRUE(eventually([&] { return member.poll(), member.messages.size() >= 2'000; }));
  EXPECT_EQ(member.owned, (std::set<std::int32_t>{0, 1, 2, 3}));
  std::array<std::int64_t, 4> next{};
  for (const ConsumedMessage& m : member.messages) ASSERT_EQ(m.offset, next.at(static_cast<std::size_t>(m.partition))++);
}

TEST_F(Group, WhatIsNotTakenYetIsFetchedNoFurtherAheadThanTheBoundAndAllOfItComes) {
  constexpr int kBatch = 100, kBatches = 40, kBound = 500;
  const std::string topic = make_topic("ahead", 1);
  for (int i = 0; i < kBatches; ++i) fill(topic, 1, kBatch);

  // The client's own account of why it stops fetching, when it has so many messages.
  std::mutex mutex;
  int queued_at_stop = 0;
  const std::regex stops(R"(\((\d+)/\d+ msgs, .*is not fetchable: queued\.min\.messages exceeded)");
  config.extra = {{"debug", "fetch"}, {"log_level", "7"}};
  config.log = [&](Severity, std::string_view text) {
    std::match_results<std::string_view::const_iterator> match;
    if (!std::regex_search(text.begin(), text.end(), match, stops)) return;
    const std::lock_guard lock(mutex);
    queued_at_stop = std::max(queued_at_stop, std::stoi(match[1].str()));
  };
  ConsumerOptions o = options(unique("group"), topic);
  o.queue_messages = kBound;
  o.partition_fetch_bytes = 1024;  // so one batch an answer
  Member member(config, o);
  ASSERT_TRUE(eventually([&] { return member.poll(), !member.owned.empty() && !member.messages.empty(); }));
  const auto at_stop = [&] {
    const std::lock_guard lock(mutex);
    return queued_at_stop;
  };
  ASSERT_TRUE(eventually([&] { return std::this_thread::sleep_for(10ms), at_stop() > 0; })) << "it fetched all that there was";
  EXPECT_GE(at_stop(), kBound);
  EXPECT_LE(at_stop(), kBound + 2 * kBatch);

  ASSERT_TRUE(eventually([&] { return member.poll(), member.messages.size() >= kBatch * kBatches; }));
  for (std::size_t i = 0; i < member.messages.size(); ++i) ASSERT_EQ(member.messages[i].offset, static_cast<std::int64_t>(i));
  EXPECT_LE(at_stop(), kBound + 2 * kBatch);
}

TEST_F(Group, ASecondMemberTakesHalfAndGivesItBackWhenItLeaves) {
  const std::string topic = make_topic("half", 4);
  const std::string group = unique("group");
  Member first(config, options(group, topic));
  ASSERT_TRUE(eventually([&] { return first.poll(), first.owned.size() == 4; }));
  auto second = std::make_unique<Member>(config, options(group, topic));
  ASSERT_TRUE(eventually([&] {
    first.poll();
    second->poll();
    return first.owned.size() == 2 && second->owned.size() == 2;
  }));
  std::set<std::int32_t> all = first.owned;
  all.insert(second->owned.begin(), second->owned.end());
  EXPECT_EQ(all.size(), 4U);
  second.reset();
  EXPECT_TRUE(eventually([&] { return first.poll(), first.owned.size() == 4; }));
}

TEST_F(Group, WhatWasCommittedIsNotReadAgainAndTheRestIs) {
  const std::string topic = make_topic("committed", 1);
  const std::string group = unique("group");
  fill(topic, 1, 10);
  {
    Member member(config, options(group, topic));
    ASSERT_TRUE(eventually([&] { return member.poll(), member.messages.size() == 10; }));
    member.consumer.commit(topic, 0, 6);
  }
  Member next(config, options(group, topic));
  ASSERT_TRUE(eventually([&] { return next.poll(), next.messages.size() >= 4; }));
  ASSERT_EQ(next.messages.size(), 4U);
  EXPECT_EQ(next.messages[0].offset, 6);
}

TEST_F(Group, ACommitOfAPartitionThatWasTakenAwayIsIgnored) {
  const std::string topic = make_topic("foreign", 1);
  Member member(config, options(unique("group"), topic));
  ASSERT_TRUE(eventually([&] { return member.poll(), member.owned.size() == 1; }));
  EXPECT_NO_THROW(member.consumer.commit(topic, 7, 3));
}

TEST_F(Group, APausedPartitionIsSilentAndGoesOnWhereItStoodWhenResumed) {
  const std::string topic = make_topic("paused", 1);
  fill(topic, 1, 300);
  Member member(config, options(unique("group"), topic));
  ASSERT_TRUE(eventually([&] { return member.poll(), !member.messages.empty(); }));
  member.consumer.pause(topic, 0);
  const std::size_t before = member.messages.size();
  for (int i = 0; i < 10; ++i) member.poll(20ms);
  EXPECT_EQ(member.messages.size(), before);
  member.consumer.resume(topic, 0);
  ASSERT_TRUE(eventually([&] { return member.poll(), member.messages.size() >= 300; }));
  for (std::size_t i = 0; i < member.messages.size(); ++i) ASSERT_EQ(member.messages[i].offset, static_cast<std::int64_t>(i));
}

TEST_F(Group, SeekReadsAgainFromTheOffset) {
  const std::string topic = make_topic("seek", 1);
  fill(topic, 1, 20);
  Member member(config, options(unique("group"), topic));
  ASSERT_TRUE(eventually([&] { return member.poll(), member.messages.size() == 20; }));
  member.messages.clear();
  member.consumer.seek(topic, 0, 15);
  ASSERT_TRUE(eventually([&] { return member.poll(), member.messages.size() >= 5; }));
  EXPECT_EQ(member.messages[0].offset, 15);
}

TEST_F(Group, MembershipWithoutReadingGetsPartitionsAndNoMessages) {
  const std::string topic = make_topic("membership", 3);
  fill(topic, 3, 50);
  ConsumerOptions o = options(unique("group"), topic);
  o.reads = false;
  Member member(config, o);
  ASSERT_TRUE(eventually([&] { return member.poll(), member.owned.size() == 3; }));
  fill(topic, 3, 50);
  for (int i = 0; i < 20; ++i) member.poll(20ms);
  EXPECT_TRUE(member.messages.empty());
}

TEST_F(Group, ASecondMemberOfTheSameStaticIdentityFencesTheFirst) {
  const std::string topic = make_topic("fenced", 1);
  ConsumerOptions o = options(unique("group"), topic);
  o.instance_id = "one";
  Member first(config, o);
  ASSERT_TRUE(eventually([&] { return first.poll(), first.owned.size() == 1; }));
  Member second(config, o);
  bool fenced = false;
  EXPECT_TRUE(eventually([&] {
    second.poll();
    try {
      if (!fenced) first.poll();
    } catch (const KafkaError& error) {
      EXPECT_TRUE(error.fatal);
      fenced = true;
    }
    return fenced;
  }));
}

TEST_F(Group, AMemberThatStopsPollingLosesItsPartitionsAndSaysSo) {
  const std::string topic = make_topic("stalled", 1);
  ConsumerOptions o = options(unique("group"), topic);
  o.max_poll_interval = 6s;
  Member member(config, o);
  ASSERT_TRUE(eventually([&] { return member.poll(), member.owned.size() == 1; }));
  std::this_thread::sleep_for(7s);  // the stall itself
  bool revoked = false;
  EXPECT_TRUE(eventually([&] {
    for (const Rebalance& change : member.consumer.poll(100, 50ms).rebalances) revoked = revoked || !change.assigned;
    return revoked;
  }));
}

TEST_F(Group, tells_how_far_it_lags) {
  const std::string topic = make_topic("lag", 2);
  fill(topic, 2, 10);
  Member member(config, options(unique("lagging"), topic));
  ASSERT_TRUE(eventually([&] {
    member.poll();
    return member.messages.size() == 20;
  }));
  EXPECT_EQ(member.consumer.lag(), 0) << "nothing is said to be done, so what was polled counts";
  member.consumer.commit(topic, 0, 4);
  EXPECT_EQ(member.consumer.lag(), 6);
  member.consumer.commit(topic, 0, 10);
  member.consumer.commit(topic, 1, 10);
  EXPECT_EQ(member.consumer.lag(), 0);
  fill(topic, 1, 5);
  EXPECT_TRUE(eventually([&] {
    member.poll();
    return member.consumer.lag() == 5;
  }));
}

}  // namespace
}  // namespace ordersaga::runtime::kafka
