#include "tests/integration/running_system.h"

#include <unistd.h>

#include <atomic>
#include <future>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "events/schema.h"
#include "runtime/http/client.h"
#include "tests/support/shop.h"

namespace ordersaga::support {
namespace {

namespace postgres = runtime::postgres;
using std::chrono::seconds;

constexpr seconds kPatience{60};

std::atomic<int> systems = 0;

std::string url_of(Process& simulator) {
  const auto line = simulator.wait_for_line("http://", kPatience);
  if (!line) throw std::runtime_error("a simulator did not start: " + simulator.output());
  return *line;
}

}  // namespace

TestDatabase::TestDatabase() : TestDatabase(required_environment("ORDERSAGA_TEST_DATABASE")) {}

TestDatabase::TestDatabase(std::string server) : server_(std::move(server)) {
  static std::atomic<int> count = 0;
  name_ = "e2e_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  postgres::Connection(server_).exec("CREATE DATABASE " + name_);
  target_ = postgres::with_keyword(server_, "dbname", name_);
}

TestDatabase::~TestDatabase() {
  try {
    postgres::Connection(server_).exec("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const postgres::Error&) {  // NOLINT(bugprone-empty-catch): the server is the test's, and goes with it
  }
}

RunningSystem::RunningSystem() : RunningSystem(required_environment("ORDERSAGA_TEST_BROKERS")) {}

RunningSystem::RunningSystem(std::string brokers) : RunningSystem(std::move(brokers), required_environment("ORDERSAGA_TEST_DATABASE")) {}

RunningSystem::RunningSystem(std::string brokers, std::string server) : database_(std::move(server)), brokers_(std::move(brokers)) {
  events::migrate(database_.target(), {.shards = kShards});
  make_topics_anew(brokers_, kShards);
  gateway_ = std::make_unique<Process>(our_program("payment_gateway_simulator"), std::vector<std::string>{"--port", "0"});
  carrier_ = std::make_unique<Process>(our_program("carrier_simulator"), std::vector<std::string>{"--port", "0", "--advance-ms", "50"});
  // A group of its own: members of an earlier system, which were killed, are still in theirs.
  const std::string group = "warehouse-" + std::to_string(::getpid()) + "-" + std::to_string(++systems);
  warehouse_ = std::make_unique<Process>(our_program("warehouse_simulator"),
                                         std::vector<std::string>{"--brokers", brokers_, "--warehouse-group", group});
  gateway_url_ = url_of(*gateway_);
  carrier_url_ = url_of(*carrier_);
  sql_ = std::make_unique<postgres::Connection>(database_.target());
}

std::unique_ptr<Process> RunningSystem::start_daemon(const std::string& roles, std::vector<std::string> more) const {
  std::vector<std::string> arguments{"--role",        roles,        "--database",    database_.target(), "--brokers",   brokers_,
                                     "--gateway-url", gateway_url_, "--carrier-url", carrier_url_,       "--http-port", "0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return std::make_unique<Process>(our_program("ordersagad"), std::move(arguments));
}

std::unique_ptr<Process> RunningSystem::start_ready_daemon(const std::string& roles, std::vector<std::string> more) const {
  auto daemon = start_daemon(roles, std::move(more));
  const std::uint16_t port = port_of(*daemon);
  if (!eventually(kPatience, [port] { return http_get(port, "/ready").status == 200; }))
    throw std::runtime_error("the daemon did not become ready: " + http_get(port, "/ready").body + daemon->output());
  return daemon;
}

RunningSystem::Verdict RunningSystem::verify() const {
  Process sagactl(our_program("sagactl"), {"verify", "all", "--database", database_.target(), "--brokers", brokers_, "--gateway-url",
                                           gateway_url_, "--carrier-url", carrier_url_});
  return {sagactl.wait_for_end(kPatience).value_or(-1), sagactl.output()};
}

HttpAnswer http_get(std::uint16_t port, const std::string& path) {
  runtime::http::Client client;
  runtime::http::Request request;
  request.target = path;
  std::promise<runtime::http::Result> promise;
  client.send({"127.0.0.1", port}, std::move(request), seconds(10),
              [&promise](runtime::http::Result result) { promise.set_value(std::move(result)); });
  runtime::http::Result result = promise.get_future().get();
  if (result.fate != runtime::http::Fate::answered) return {0, result.error};
  return {result.response.status, std::move(result.response.body)};
}

std::uint16_t port_of(Process& daemon) {
  const auto line = daemon.wait_for_line("\"message\":\"listening\"", kPatience);
  if (!line) throw std::runtime_error("the daemon does not listen: " + daemon.output());
  return nlohmann::json::parse(*line)["port"];
}

}  // namespace ordersaga::support
