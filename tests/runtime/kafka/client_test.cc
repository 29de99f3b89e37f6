#include "runtime/kafka/client.h"

#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <semaphore>
#include <thread>

namespace ordersaga::runtime::kafka {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// What callbacks log, kept.
class Kept {
 public:
  LogCallback callback() {
    return [this](Severity severity, std::string_view text) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(severity, text);
    };
  }
  std::vector<std::pair<Severity, std::string>> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<Severity, std::string>> lines_;
};

// Lives as long as a client that is left behind.
struct Gate {
  std::latch opened{1};
  std::latch passed{1};
};

TEST(DestroyWithin, AwaitsADestructionThatEnds) {
  Kept kept;
  const auto callbacks = std::make_shared<Callbacks>(kept.callback());
  const std::uint64_t before = clients_left_behind();
  std::atomic<bool> ended = false;
  std::thread::id destroyer;
  EXPECT_TRUE(destroy_within(1min, "slow", callbacks, [&] {
    destroyer = std::this_thread::get_id();
    std::this_thread::sleep_for(50ms);
    ended = true;
  }));
  EXPECT_TRUE(ended);
  EXPECT_NE(destroyer, std::this_thread::get_id());
  EXPECT_EQ(callbacks.use_count(), 1) << "its thread has not ended";
  EXPECT_EQ(clients_left_behind(), before);
  EXPECT_THAT(kept.lines(), IsEmpty());
  callbacks->log(Severity::info, "still heard");
  EXPECT_THAT(kept.lines(), ElementsAre(Pair(Severity::info, "still heard")));
}

TEST(DestroyWithin, GoesOnWithoutOneThatDoesNotEndAndSaysSo) {
  Kept kept;
  const auto callbacks = std::make_shared<Callbacks>(kept.callback());
  const auto gate = std::make_shared<Gate>();
  EXPECT_FALSE(destroy_within(20ms, "stuck#consumer-1", callbacks, [gate] { gate->opened.wait(); }));
  EXPECT_THAT(kept.lines(),
              ElementsAre(Pair(Severity::error, AllOf(HasSubstr("stuck#consumer-1"), HasSubstr("not destroyed within 20 ms")))));
  gate->opened.count_down();
}

TEST(DestroyWithin, LateCallbacksFindTheirStateButNotTheLogOfAnOwnerThatIsGone) {
  const auto gate = std::make_shared<Gate>();
  std::weak_ptr<Callbacks> left;
  auto kept = std::make_unique<Kept>();
  {
    const auto callbacks = std::make_shared<Callbacks>(kept->callback());
    left = callbacks;
    EXPECT_FALSE(destroy_within(20ms, "late", callbacks, [gate, late = callbacks.get()] {
      gate->opened.wait();
      late->log(Severity::warning, "after the owner");
      gate->passed.count_down();
    }));
  }
  EXPECT_THAT(kept->lines(), ElementsAre(Pair(Severity::error, HasSubstr("late"))));
  kept.reset();
  ASSERT_FALSE(left.expired());
  gate->opened.count_down();
  gate->passed.wait();
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (!left.expired() && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(left.expired()) << "what ended late was not freed";
}

TEST(Callbacks, SilenceWaitsForALogThatIsBeingCalled) {
  std::binary_semaphore entered(0), leave(0);
  std::atomic<bool> left = false;
  Callbacks callbacks([&](Severity, std::string_view) {
    entered.release();
    leave.acquire();
    left = true;
  });
  std::thread logging([&] { callbacks.log(Severity::info, "one"); });
  entered.acquire();
  std::thread silencing([&] {
    callbacks.silence();
    EXPECT_TRUE(left);
  });
  leave.release();
  silencing.join();
  logging.join();
  callbacks.log(Severity::info, "two");  // would wait for ever
}

// Keeps a broker's thread of librdkafka from ending: it waits for a socket until the gate opens.
std::atomic<Gate*> socket_gate;

int wait_for_socket(int domain, int type, int protocol, void*) {
  Gate* gate = socket_gate;
  gate->passed.count_down();
  gate->opened.wait();
  return ::socket(domain, type, protocol);
}

ClientHandle make_stuck_client(LogCallback log, Gate& gate) {
  socket_gate = &gate;
  const Config config{.brokers = "127.0.0.1:1", .client_id = "stuck", .extra = {{"debug", "all"}}, .log = std::move(log)};
  Conf conf(config);
  rd_kafka_conf_set_socket_cb(conf.get(), wait_for_socket);
  ClientHandle client = make_client(ClientKind::producer, conf);
  gate.passed.wait();
  return client;
}

TEST(Client, OneWhoseThreadDoesNotEndIsLeftBehindAndItsLogIsCut) {
  const auto gate = std::make_unique<Gate>();
  Kept kept;
  ClientHandle client = make_stuck_client(kept.callback(), *gate);
  const std::uint64_t before = clients_left_behind();
  const auto began = std::chrono::steady_clock::now();
  client.reset();
  EXPECT_GE(std::chrono::steady_clock::now() - began, kDestroyLimit);
  EXPECT_EQ(clients_left_behind(), before + 1);
  const auto lines = kept.lines();
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines.back(), Pair(Severity::error, AllOf(HasSubstr("stuck#producer"), HasSubstr("not destroyed"))));
  gate->opened.count_down();  // now it ends, and speaks about it
  EXPECT_EQ(rd_kafka_wait_destroyed(10'000), 0);
  EXPECT_EQ(kept.lines().size(), lines.size());
}

TEST(Client, AnOrdinaryOneIsGoneWhenItsHandleIs) {
  Kept kept;
  {
    const Config config{.brokers = "127.0.0.1:1", .extra = {}, .log = kept.callback()};
    Conf conf(config);
    make_client(ClientKind::consumer, conf);
  }
  EXPECT_EQ(rd_kafka_wait_destroyed(0), 0);
  for (const auto& [severity, text] : kept.lines()) EXPECT_THAT(text, Not(HasSubstr("not destroyed")));
}

TEST(ClientDeathTest, AProcessEndsWithAClientLeftBehind) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        static Gate never;
        make_stuck_client([](Severity, std::string_view) {}, never).reset();
        std::exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace ordersaga::runtime::kafka
