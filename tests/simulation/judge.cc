#include "tests/simulation/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "events/codec.h"
#include "ordersaga/common/v1/reply.pb.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "schemas/headers.h"
#include "schemas/streams.h"
#include "tests/simulation/evidence.h"
#include "tools/verify/check.h"

namespace ordersaga::simulation {
namespace {

using Problems = std::vector<std::string>;
namespace common = ordersaga::common::v1;

// What the log says became of an order.
struct Ended {
  End end = End::open;
  bool placed = false;
  bool confirmed = false;
  int ends = 0;
};

std::map<std::string, Ended> ends_of(World& world) {
  std::map<std::string, Ended> out;
  events::MemoryEventStore store(world.log());
  for (int s = 0; s < world.shards(); ++s) {
    events::ShardPosition from{Shard(static_cast<std::int16_t>(s)), Position(0)};
    for (const events::RecordedEvent& e : store.read_shards({&from, 1}, 10'000'000)) {
      const auto* type = events::type_of(e.type);
      if (e.stream.empty() || type == nullptr) continue;
      Ended& o = out[std::string(stream_key(e.stream))];
      auto ends = [&](End end) {
        o.end = end;
        ++o.ends;
      };
      if (type == order::v1::OrderPlaced::descriptor()) o.placed = true;
      if (type == order::v1::OrderConfirmed::descriptor()) o.confirmed = true;
      if (type == order::v1::OrderCompleted::descriptor()) ends(End::completed);
      if (type == order::v1::OrderRejected::descriptor()) ends(End::rejected);
      if (type == order::v1::OrderCancelled::descriptor()) ends(End::cancelled);
      if (type != saga::v1::SagaAdvanced::descriptor()) continue;
      saga::v1::SagaAdvanced advanced;
      if (!advanced.ParseFromString(e.payload)) continue;
      for (const auto& t : advanced.transitions())
        if (t.kind() == saga::v1::TRANSITION_KIND_PARKED || t.kind() == saga::v1::TRANSITION_KIND_COMPENSATION_FAILED) ends(End::parked);
    }
  }
  return out;
}

bool network_may_fail(const Faults& faults) {
  for (Fault f : {Fault::call_refused, Fault::request_lost, Fault::request_late, Fault::answer_lost, Fault::stall, Fault::crash,
                  Fault::zombie, Fault::store_unavailable, Fault::shard_busy, Fault::commit_in_flight, Fault::clock_apart})
    if (faults.enabled(f)) return true;
  return false;
}

void judge_orders(World& world, const Clients& clients, const std::map<std::string, Ended>& ended, Problems& problems) {
  bool calm = !network_may_fail(world.faults());
  for (const auto& [id, order] : clients.orders()) {
    auto found = ended.find(id);
    Ended o = found == ended.end() ? Ended{} : found->second;
    const std::set<End>& allowed = calm ? order.calm_ends : order.ends;
    if (!o.placed)
      problems.push_back(fmt::format("order {} ({}) was never placed", id, order.kind));
    else if (o.ends != 1 || !allowed.contains(o.end))
      problems.push_back(fmt::format("order {} ({}) ended {} times, last {}", id, order.kind, o.ends, name(o.end)));
  }
}

// Every command has an answer of its own, given once (repetitions are the same answer), and it fits what happened.
void judge_replies(Surroundings& around, const Clients& clients, const std::map<std::string, Ended>& ended, Problems& problems) {
  std::map<std::string, std::set<std::string>> answers;  // by command: distinct first answers
  std::map<std::string, common::Outcome> outcome;
  for (int p = 0; p < around.bus.partitions(std::string(kReplyTopic)); ++p) {
    for (const kafka::ConsumedMessage& m : around.bus.messages(std::string(kReplyTopic), p)) {
      common::CommandReply reply;
      bool json = m.header(headers::kContentType) == headers::kJson;
      if (json ? !read_json(m.value, reply) : !reply.ParseFromString(m.value)) {
        problems.push_back(fmt::format("the answer at {}/{} cannot be read", p, m.offset));
        continue;
      }
      if (reply.replayed() || reply.command_id() == "garbage") continue;
      if (reply.error().code() == "IDEMPOTENCY_KEY_MISMATCH") continue;
      answers[reply.command_id()].insert(fmt::format("{}/{} {}", reply.shard(), reply.position(), common::Outcome_Name(reply.outcome())));
      outcome[reply.command_id()] = reply.outcome();
    }
  }
  for (const auto& [id, order] : clients.orders()) {
    std::string command = "place-" + id;
    const auto& given = answers[command];
    if (given.size() != 1) {
      std::string all;
      for (const std::string& a : given) all += " [" + a + "]";
      problems.push_back(fmt::format("command {} has {} answers:{}", command, given.size(), all));
      continue;
    }
    auto found = ended.find(id);
    bool confirmed = found != ended.end() && found->second.confirmed;
    common::Outcome wanted = !order.answer_at_end ? common::OUTCOME_ACCEPTED
                             : confirmed          ? common::OUTCOME_SUCCEEDED
                                                  : common::OUTCOME_REJECTED;
    if (outcome[command] != wanted)
      problems.push_back(
          fmt::format("command {} was answered {}, not {}", command, common::Outcome_Name(outcome[command]), common::Outcome_Name(wanted)));
  }
}

void judge_dead_letters(Surroundings& around, const Clients& clients, Problems& problems) {
  std::set<std::pair<int, std::int64_t>> kept;
  for (int p = 0; p < around.world.shards(); ++p)
    for (const kafka::ConsumedMessage& m : around.bus.messages(std::string(topics::kCommandsDlq), p))
      kept.emplace(std::stoi(std::string(m.header(headers::kDlqPartition).value_or("-1"))),
                   std::stoll(std::string(m.header(headers::kDlqOffset).value_or("-1"))));
  if (kept != clients.garbage())
    problems.push_back(fmt::format("{} places are in the dead letters where {} were sent", kept.size(), clients.garbage().size()));
}

void judge_commands(World& world, const Clients& clients, Problems& problems) {
  std::map<std::string, int> decided;
  events::MemoryEventStore store(world.log());
  for (int s = 0; s < world.shards(); ++s) {
    events::ShardPosition from{Shard(static_cast<std::int16_t>(s)), Position(0)};
    for (const events::RecordedEvent& e : store.read_shards({&from, 1}, 10'000'000)) {
      log::v1::InputRecord input;
      if (!e.stream.empty() || !input.ParseFromString(e.payload)) continue;
      ++decided[input.command_id() + (input.error().code() == "IDEMPOTENCY_KEY_MISMATCH" ? "#other" : "")];
    }
  }
  for (const auto& [id, order] : clients.orders()) {
    if (int n = decided["place-" + id]; n != 1) problems.push_back(fmt::format("command place-{} was decided {} times", id, n));
    if (int n = decided["place-" + id + "#other"]; n != (order.other_bytes ? 1 : 0))
      problems.push_back(fmt::format("other bytes under place-{} were refused {} times", id, n));
  }
}

}  // namespace

std::string unrest(Surroundings& around, const Clients& clients, const Parts& parts) {
  World& world = around.world;
  if (!clients.done()) return "clients are not done";
  if (world.log().in_flight() > 0) return "a commit is in flight";
  events::MemoryEventStore store(world.log());
  if (auto wakeups = store.wakeups(); !wakeups.empty()) return fmt::format("{} sagas wait, {} the first", wakeups.size(), wakeups[0].saga);
  for (int p = 0; p < world.shards(); ++p) {
    auto end = static_cast<std::int64_t>(around.bus.messages(std::string(topics::kCommands), p).size());
    if (around.orchestrators.committed(p) != end)
      return fmt::format("of commands' partition {} only {} of {} are done", p, around.orchestrators.committed(p), end);
  }
  for (const events::ShardHead& head : store.heads()) {
    if (parts.relay && published_up_to(around, head.shard) < head.position)
      return fmt::format("shard {} is published up to {} of {}", head.shard.value, published_up_to(around, head.shard).value,
                         head.position.value);
    // The cursor speaks of all topics: replies may still be under way.
    if (auto cursor = around.cursors.load(head.shard);
        parts.relay && head.position.value > 0 && (!cursor || cursor->position < head.position))
      return fmt::format("the cursor of shard {} is at {} of {}", head.shard.value, cursor ? cursor->position.value : 0,
                         head.position.value);
    if (parts.projector && projected_up_to(around, head.shard) < head.position)
      return fmt::format("shard {} is projected up to {} of {}", head.shard.value, projected_up_to(around, head.shard).value,
                         head.position.value);
  }
  return {};
}

std::vector<std::string> judge(Surroundings& around, const Clients& clients, const Parts& parts) {
  Problems problems;
  for (std::string& p : check_invariants(around, parts.relay, parts.projector)) problems.push_back(std::move(p));
  auto ended = ends_of(around.world);
  judge_orders(around.world, clients, ended, problems);
  judge_commands(around.world, clients, problems);
  judge_dead_letters(around, clients, problems);
  if (parts.relay) judge_replies(around, clients, ended, problems);
  return problems;
}

}  // namespace ordersaga::simulation
