#include "tools/verify/causes.h"

#include <fmt/format.h>

#include "ordersaga/saga/v1/saga.pb.h"
#include "schemas/lineage.h"

namespace ordersaga::verify {

void CausesChecker::begin(const ShardSnapshot&) {
  commands_.clear();
  calls_.clear();
  sagas_.clear();
}

void CausesChecker::see(const LogEntry& entry) {
  // A command's own record is caused by the sender.
  if (entry.as<log::v1::InputRecord>() == nullptr && !is_known(entry))
    findings_.add({"I14", entry.place(),
                   fmt::format("{} has a cause that was recorded before it",
                               entry.record.stream.empty() ? "the record"
                                                           : fmt::format("{} version {}", entry.record.stream, entry.record.version.value)),
                   entry.cause().empty() ? "no cause" : fmt::format("'{}', which the log does not know", entry.cause())});
  remember(entry);
}

bool CausesChecker::is_known(const LogEntry& entry) const {
  const std::string cause = entry.cause();
  constexpr std::string_view kTimer = "timer:";
  if (cause.compare(0, kTimer.size(), kTimer) == 0 && sagas_.count(cause.substr(kTimer.size())) > 0) return true;
  std::string key(entry.record.stream.empty() ? std::string_view(entry.metadata.key()) : entry.stream.key);
  return calls_.count(cause) > 0 || commands_.count({key, cause}) > 0;
}

void CausesChecker::remember(const LogEntry& entry) {
  if (const auto* input = entry.as<log::v1::InputRecord>()) {
    commands_.emplace(entry.metadata.key(), input->command_id());
  } else if (const auto* advanced = entry.as<saga::v1::SagaAdvanced>(); advanced != nullptr && entry.stream.kind == StreamKind::saga) {
    sagas_.insert(entry.record.stream);
    if (!advanced->has_request()) return;
    calls_.insert(call_of(entry.record.stream, *advanced));
  }
}

}  // namespace ordersaga::verify
