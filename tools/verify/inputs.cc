#include "tools/verify/inputs.h"

#include <fmt/format.h>

namespace ordersaga::verify {

namespace v1 = ordersaga::common::v1;

namespace {

// A second command under a used key: it was answered, not decided.
bool is_refused_reuse(const log::v1::InputRecord& input) {
  return input.outcome() == v1::OUTCOME_DUPLICATE || input.error().code() == "IDEMPOTENCY_KEY_MISMATCH";
}

std::string name_of(const std::string& key, const std::string& id) {
  return fmt::format("command {} of {}", id, key);
}

}  // namespace

void InputsChecker::begin(const ShardSnapshot&) {
  decided_.clear();
  claims_.clear();
  last_.clear();
  refused_.clear();
}

void InputsChecker::see(const LogEntry& entry) {
  if (!entry.record.stream.empty()) {
    last_[entry.record.stream] = entry.record.version;
    return;
  }
  const auto* input = entry.as<log::v1::InputRecord>();
  if (input == nullptr) return;
  if (is_refused_reuse(*input)) {
    refused_.insert(entry.record.position.value);
    return;
  }
  const std::string& id = input->idempotency_key().empty() ? input->command_id() : input->idempotency_key();
  std::string subject = name_of(entry.metadata.key(), id);
  if (input->outcome() == v1::OUTCOME_UNSPECIFIED)
    findings_.add({"I2", subject, "an outcome", fmt::format("none in its input record at {}", entry.place())});
  auto [first, is_new] = decided_.try_emplace(Id(entry.metadata.key(), id), Decided{entry.record.position, entry.record.recorded_at});
  if (!is_new)
    findings_.add({"I2", subject, fmt::format("one outcome, that at {}/{}", entry.record.shard.value, first->second.position.value),
                   fmt::format("{} at {} too", v1::Outcome_Name(input->outcome()), entry.place())});
  if (!input->stream().empty() && input->version() > 0 && input->outcome() == v1::OUTCOME_ACCEPTED)
    claims_.push_back({entry.record.position, input->stream(), Version(input->version())});
}

void InputsChecker::end(const ShardSnapshot& snapshot) {
  for (const Claim& claim : claims_) {
    auto stream = last_.find(claim.stream);
    Version last = stream == last_.end() ? Version(0) : stream->second;
    if (last < claim.version)
      findings_.add({"I2", fmt::format("{}/{}", snapshot.shard.value, claim.position.value),
                     fmt::format("what the accepted command led to: {} version {}", claim.stream, claim.version.value),
                     fmt::format("the stream ends at version {}", last.value)});
  }
  Inbox inbox = tables_.inbox(snapshot.shard, snapshot.head);
  for (const InboxRow& row : inbox.rows) {
    if (row.message_id.find('#') != std::string::npos) {
      if (refused_.count(row.position.value) == 0)
        findings_.add({"I2", name_of(row.key, row.message_id),
                       fmt::format("a refusal at {}/{}, as the inbox says", snapshot.shard.value, row.position.value), "none"});
      continue;
    }
    auto found = decided_.find(Id(row.key, row.message_id));
    if (found == decided_.end()) {
      findings_.add({"I2", name_of(row.key, row.message_id),
                     fmt::format("its input record at {}/{}, as the inbox says", snapshot.shard.value, row.position.value), "none"});
      continue;
    }
    found->second.in_inbox = true;
    if (found->second.position != row.position)
      findings_.add({"I2", name_of(row.key, row.message_id), fmt::format("inbox position {}", found->second.position.value),
                     fmt::format("{}", row.position.value)});
  }
  for (const auto& [id, decided] : decided_)
    if (!decided.in_inbox && decided.recorded_at >= inbox.complete_since)
      findings_.add({"I2", name_of(id.first, id.second), "a row in the inbox",
                     fmt::format("none, though it was decided at {}/{}", snapshot.shard.value, decided.position.value)});
}

}  // namespace ordersaga::verify
