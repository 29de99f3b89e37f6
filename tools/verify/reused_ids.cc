#include "tools/verify/reused_ids.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include "schemas/error_codes.h"

namespace ordersaga::verify {

std::string content_hash(std::string_view type, std::string_view bytes) {
  std::string all;
  all.append(type).append(1, '\0').append(bytes);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest);
  std::string digits;
  for (std::size_t i = 0; i < SHA256_DIGEST_LENGTH / 2; ++i) digits += fmt::format("{:02x}", digest[i]);
  return digits;
}

void ReusedIdsChecker::begin(const ShardSnapshot&) {
  decided_.clear();
}

void ReusedIdsChecker::see(const LogEntry& entry) {
  if (!entry.record.stream.empty()) return;
  const auto* input = entry.as<log::v1::InputRecord>();
  if (input == nullptr) return;
  const std::string& id = input->idempotency_key().empty() ? input->command_id() : input->idempotency_key();
  std::string hash = content_hash(input->type(), input->data());
  std::string subject = fmt::format("command {} of {}", id, entry.metadata.key());
  if (input->error().code() != error::kIdempotencyKeyMismatch) {
    auto [first, is_new] = decided_.try_emplace(Id(entry.metadata.key(), id), Decided{hash, entry.place()});
    if (!is_new && first->second.hash != hash)
      findings_.add({"I3", subject,
                     fmt::format("refused at {}, because {} used its id with other content", entry.place(), first->second.place),
                     "decided"});
    return;
  }
  auto first = decided_.find(Id(entry.metadata.key(), id));
  if (first == decided_.end())
    findings_.add({"I3", subject, fmt::format("a command that used the id before {}, where it is refused", entry.place()), "none"});
  else if (first->second.hash == hash)
    findings_.add({"I3", subject, fmt::format("the answer of {}, which has the same content", first->second.place),
                   fmt::format("refused at {} as if it were another", entry.place())});
}

void ReusedIdsChecker::end(const ShardSnapshot& snapshot) {
  for (const InboxRow& row : tables_.inbox(snapshot.shard, snapshot.head).rows) {
    auto decided = decided_.find(Id(row.key, row.message_id));
    if (decided != decided_.end() && decided->second.hash != row.hash)
      findings_.add({"I3", fmt::format("command {} of {}", row.message_id, row.key),
                     fmt::format("the hash {} of its content in the inbox", decided->second.hash), row.hash});
  }
}

}  // namespace ordersaga::verify
