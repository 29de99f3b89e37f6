// The simulated payment gateway: what a gateway remembers and answers, without its network. Time comes in; the same calls
// at the same times give the same answers, always.
//
// It is meant as the money's oracle, so it prevents nothing that a real gateway would not: whoever charges twice under two
// keys, or again after a key's lifetime, has charged twice, and the ledger says so.
//
// One thread at a time. Memory grows with the ledger.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schemas/ids.h"

namespace ordersaga::simulators::payment_gateway {

enum class Kind : std::uint8_t { authorization, capture, void_, refund };
std::string_view name(Kind kind);

// Minor units.
struct Amount {
  std::string currency;
  std::int64_t minor = 0;
  bool operator==(const Amount&) const = default;
};

// One operation that was carried out, or refused for good. Done: `amount` is what moved (0 for a void of nothing).
struct LedgerEntry {
  std::int64_t sequence = 0;  // dense from 1
  Timestamp at{};
  Kind kind = Kind::authorization;
  std::string id;             // "auth_1", "cap_2" …
  std::string key;            // idempotency key of the call
  std::string payment;        // the caller's name of the payment
  std::string authorization;  // id of the one it acts on, or is; empty when there is none
  std::string token;          // of an authorization
  Amount amount;
  std::string code;  // why it was refused; empty: done
  std::string message;
  std::uint64_t fingerprint = 0;  // of the call's parameters; 0: any will do

  bool done() const { return code.empty(); }
};

struct Call {
  Kind kind = Kind::authorization;
  std::string key;
  std::string payment;
  Amount amount;      // ignored in voids
  std::string token;  // authorizations
  // What the others act on: an id that the gateway gave, or, when that is not known, the key of the call that made it.
  std::string reference;
  std::string target_key;
};

enum class Verdict : std::uint8_t {
  done,         // and now or earlier: `entry` says what
  refused,      // for good, and remembered: `entry` says why
  invalid,      // not understood or another call with this key; nothing was done or remembered
  unavailable,  // not now; nothing was done
  error,        // no word on what was done
  nothing,      // nothing there: an unknown key, or a refund of what never was captured
};

struct Answer {
  Verdict verdict = Verdict::done;
  const LedgerEntry* entry = nullptr;  // done, refused; lives as long as the gateway
  std::string_view code;               // the other verdicts
  std::string message;
  std::chrono::milliseconds delay{};  // after which the answer is given; kLate and more: too late for any client
};

struct Options {
  std::chrono::seconds key_lifetime = std::chrono::hours(24);
  std::chrono::seconds authorization_lifetime = std::chrono::hours(24 * 7);
  // Of tok_slow, and of the answers that come too late for any client.
  std::chrono::milliseconds slow = std::chrono::seconds(2);
  std::chrono::milliseconds late = std::chrono::seconds(60);
};

class Gateway {
 public:
  // Sees each entry before it counts. When it throws, the operation has not happened.
  using Recorder = std::function<void(const LedgerEntry&)>;

  explicit Gateway(Options options = {}, Recorder recorder = nullptr);

  Answer handle(const Call& call, Timestamp now);
  // What became of the call with that key: done, refused, or nothing when the gateway does not know it (any more).
  Answer query(std::string_view key, Timestamp now) const;

  const std::deque<LedgerEntry>& ledger() const { return ledger_; }
  // Takes an entry of an earlier life; the recorder does not see it. Throws std::invalid_argument when it is not the next.
  void restore(LedgerEntry entry);

 private:
  struct Authorization {
    std::int64_t captured = 0;
    std::int64_t refunded = 0;
    bool voided = false;
  };

  const LedgerEntry* remembered(std::string_view key, Timestamp now) const;
  const LedgerEntry* target(const Call& call, Kind kind) const;
  const LedgerEntry* authorization_of(const Call& call) const;
  bool first_try(const Call& call);

  Answer execute(const Call& call, const LedgerEntry* authorization, Timestamp now);
  Answer authorize(const Call& call, Timestamp now);
  Answer capture(const Call& call, const LedgerEntry* authorization, Timestamp now);
  Answer void_authorization(const Call& call, const LedgerEntry* authorization, Timestamp now);
  Answer refund(const Call& call, const LedgerEntry* authorization, Timestamp now);
  void close(const Call& call, Kind kind, std::string_view code, Timestamp now);
  Answer record(const Call& call, const LedgerEntry* authorization, Amount amount, Timestamp now, std::string_view code = {},
                std::string message = {});
  const LedgerEntry& append(LedgerEntry entry);
  void apply(const LedgerEntry& entry);

  const Options options_;
  const Recorder recorder_;
  std::deque<LedgerEntry> ledger_;                                 // its entries never move
  std::unordered_map<std::string_view, const LedgerEntry*> keys_;  // the newest entry of a key
  std::unordered_map<std::string_view, const LedgerEntry*> ids_;
  std::unordered_map<std::string_view, Authorization> authorizations_;  // by id
  std::unordered_map<std::string, int> tries_;                          // of calls with a token that counts them
};

}  // namespace ordersaga::simulators::payment_gateway
