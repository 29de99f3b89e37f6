#include "tools/simulators/payment_gateway/logic.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tools/simulators/fingerprint.h"
#include "tools/simulators/payment_gateway/tokens.h"

namespace ordersaga::simulators::payment_gateway {
namespace {

constexpr std::size_t kMaxText = 256;
constexpr std::int64_t kMaxMinor = 1'000'000'000'000'000;

Answer say(Verdict verdict, std::string_view code, std::string message) {
  return {verdict, nullptr, code, std::move(message), {}};
}

Answer said(const LedgerEntry& entry) {
  return {entry.done() ? Verdict::done : Verdict::refused, &entry, {}, {}, {}};
}

// The parameters that a key stands for. What a call acts on is not among them: a repetition may know it better.
std::uint64_t fingerprint(const Call& call) {
  Fingerprint f;
  f.add(name(call.kind)).add(call.payment).add(call.token);
  if (call.kind != Kind::void_) f.add(call.amount.currency).add(std::to_string(call.amount.minor));
  return f.value();
}

bool is_currency(std::string_view code) {
  return code.size() == 3 && std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// What is wrong with the call as such; empty when nothing.
std::string problem(const Call& call) {
  if (call.key.empty() || call.key.size() > kMaxText) return "the idempotency key must have 1 to 256 characters";
  if (call.payment.empty() || call.payment.size() > kMaxText) return "payment must have 1 to 256 characters";
  if (call.kind == Kind::authorization) {
    if (call.token.rfind("tok_", 0) != 0 || call.token.size() > kMaxText) return "token must begin with tok_";
  } else {
    if (call.reference.empty() && call.target_key.empty()) return "reference or target_key must say what the call acts on";
    if (call.reference.size() > kMaxText || call.target_key.size() > kMaxText) return "reference and target_key may have 256 characters";
  }
  if (call.kind == Kind::void_) return {};
  if (!is_currency(call.amount.currency)) return "amount.currency must be three upper-case letters";
  if (call.amount.minor <= 0 || call.amount.minor > kMaxMinor) return "amount.minor must be 1 to 10^15";
  return {};
}

std::string new_id(Kind kind, std::int64_t sequence) {
  constexpr std::string_view prefixes[] = {"auth_", "cap_", "void_", "ref_"};
  return std::string(prefixes[static_cast<std::size_t>(kind)]) + std::to_string(sequence);
}

}  // namespace

std::string_view name(Kind kind) {
  constexpr std::string_view names[] = {"authorization", "capture", "void", "refund"};
  return names[static_cast<std::size_t>(kind)];
}

Gateway::Gateway(Options options, Recorder recorder) : options_(options), recorder_(std::move(recorder)) {}

Answer Gateway::handle(const Call& call, Timestamp now) {
  if (std::string wrong = problem(call); !wrong.empty()) return say(Verdict::invalid, "invalid_request", wrong);
  if (const LedgerEntry* known = remembered(call.key, now)) {
    bool same = known->fingerprint == 0 ? known->kind == call.kind : known->fingerprint == fingerprint(call);
    if (!same) return say(Verdict::invalid, "idempotency_key_mismatch", "this key was used for another call");
    return said(*known);
  }
  const LedgerEntry* authorization = call.kind == Kind::authorization ? nullptr : authorization_of(call);
  std::string_view token = authorization ? std::string_view(authorization->token) : std::string_view(call.token);
  const Behaviour* behaviour = find_behaviour(token, call.kind);
  if (!behaviour || (behaviour->first_try_only && !first_try(call))) return execute(call, authorization, now);

  Answer answer;
  switch (behaviour->effect) {
    case Effect::refuse:
      return record(call, authorization, call.amount, now, behaviour->code, std::string(behaviour->message));
    case Effect::unavailable:
    case Effect::not_done_late:
      answer = say(Verdict::unavailable, "unavailable", "nothing was done; try again");
      break;
    case Effect::done_error:
      execute(call, authorization, now);
      answer = say(Verdict::error, "internal_error", "something broke");
      break;
    case Effect::slow:
    case Effect::done_late:
      answer = execute(call, authorization, now);
      break;
  }
  if (behaviour->effect == Effect::slow) answer.delay = options_.slow;
  if (behaviour->effect == Effect::done_late || behaviour->effect == Effect::not_done_late) answer.delay = options_.late;
  return answer;
}

Answer Gateway::query(std::string_view key, Timestamp now) const {
  if (const LedgerEntry* known = remembered(key, now)) return said(*known);
  return say(Verdict::nothing, "unknown_key", "no call with this key is known");
}

void Gateway::restore(LedgerEntry entry) {
  std::int64_t next = static_cast<std::int64_t>(ledger_.size()) + 1;
  if (entry.sequence != next)
    throw std::invalid_argument("ledger entry " + std::to_string(entry.sequence) + " where " + std::to_string(next) + " was expected");
  apply(ledger_.emplace_back(std::move(entry)));
}

const LedgerEntry* Gateway::remembered(std::string_view key, Timestamp now) const {
  auto it = keys_.find(key);
  if (it == keys_.end() || now - it->second->at > options_.key_lifetime) return nullptr;
  return it->second;
}

const LedgerEntry* Gateway::target(const Call& call, Kind kind) const {
  if (!call.reference.empty())
    if (auto it = ids_.find(call.reference); it != ids_.end() && it->second->kind == kind) return it->second;
  if (!call.target_key.empty())
    if (auto it = keys_.find(call.target_key); it != keys_.end() && it->second->kind == kind) return it->second;
  return nullptr;
}

// The authorization that a call acts on, directly or through a capture of it; null when there is none that was granted.
const LedgerEntry* Gateway::authorization_of(const Call& call) const {
  const LedgerEntry* found = target(call, Kind::authorization);
  if (!found)
    if (const LedgerEntry* captured = target(call, Kind::capture); captured && captured->done()) found = ids_.at(captured->authorization);
  return found && found->done() ? found : nullptr;
}

bool Gateway::first_try(const Call& call) {
  return ++tries_[call.key] == 1;
}

Answer Gateway::execute(const Call& call, const LedgerEntry* authorization, Timestamp now) {
  switch (call.kind) {
    case Kind::authorization:
      return authorize(call, now);
    case Kind::capture:
      return capture(call, authorization, now);
    case Kind::void_:
      return void_authorization(call, authorization, now);
    case Kind::refund:
      break;
  }
  return refund(call, authorization, now);
}

Answer Gateway::authorize(const Call& call, Timestamp now) {
  return record(call, nullptr, call.amount, now);
}

Answer Gateway::capture(const Call& call, const LedgerEntry* authorization, Timestamp now) {
  if (!authorization) return record(call, nullptr, call.amount, now, "unknown_authorization", "there is no such authorization");
  const Authorization& state = authorizations_.at(authorization->id);
  auto refuse = [&](std::string_view code, std::string why) { return record(call, authorization, call.amount, now, code, std::move(why)); };
  if (state.voided) return refuse("authorization_voided", "the authorization was voided");
  if (now - authorization->at > options_.authorization_lifetime) return refuse("authorization_expired", "the authorization has expired");
  if (call.amount.currency != authorization->amount.currency)
    return refuse("currency_mismatch", "the authorization is in " + authorization->amount.currency);
  std::int64_t left = authorization->amount.minor - state.captured;
  if (call.amount.minor > left) return refuse("capture_exceeds_authorization", std::to_string(left) + " are left to capture");
  return record(call, authorization, call.amount, now);
}

Answer Gateway::void_authorization(const Call& call, const LedgerEntry* authorization, Timestamp now) {
  if (!authorization) {
    if (call.target_key.empty()) return record(call, nullptr, {}, now, "unknown_authorization", "there is no such authorization");
    close(call, Kind::authorization, "voided_before_authorization", now);
    return record(call, nullptr, {}, now);
  }
  const Authorization& state = authorizations_.at(authorization->id);
  if (state.captured > 0) return record(call, authorization, {}, now, "already_captured", "what was captured is refunded, not voided");
  bool live = !state.voided && now - authorization->at <= options_.authorization_lifetime;
  return record(call, authorization, live ? authorization->amount : Amount{authorization->amount.currency, 0}, now);
}

Answer Gateway::refund(const Call& call, const LedgerEntry* authorization, Timestamp now) {
  const LedgerEntry* captured = target(call, Kind::capture);
  bool never = captured ? !captured->done() : !call.target_key.empty() && !keys_.contains(call.target_key);
  if (never) {
    // It shall not come any more either.
    if (!captured) close(call, Kind::capture, "refunded_before_capture", now);
    return say(Verdict::nothing, "nothing_captured", "there is nothing to refund");
  }
  if (!authorization) return record(call, nullptr, call.amount, now, "unknown_capture", "there is no such capture");
  const Authorization& state = authorizations_.at(authorization->id);
  auto refuse = [&](std::string_view code, std::string why) { return record(call, authorization, call.amount, now, code, std::move(why)); };
  if (call.amount.currency != authorization->amount.currency)
    return refuse("currency_mismatch", "the capture is in " + authorization->amount.currency);
  std::int64_t left = state.captured - state.refunded;
  if (call.amount.minor > left) return refuse("refund_exceeds_capture", std::to_string(left) + " are left to refund");
  return record(call, authorization, call.amount, now);
}

// Sees to it that the call which `call` was to undo is refused should it still arrive.
void Gateway::close(const Call& call, Kind kind, std::string_view code, Timestamp now) {
  if (remembered(call.target_key, now)) return;
  LedgerEntry entry;
  entry.at = now;
  entry.kind = kind;
  entry.key = call.target_key;
  entry.payment = call.payment;
  entry.code = std::string(code);
  entry.message = "undone before it arrived";
  append(std::move(entry));
}

Answer Gateway::record(const Call& call, const LedgerEntry* authorization, Amount amount, Timestamp now, std::string_view code,
                       std::string message) {
  LedgerEntry entry;
  entry.at = now;
  entry.kind = call.kind;
  entry.key = call.key;
  entry.payment = call.payment;
  if (authorization) entry.authorization = authorization->id;
  if (call.kind == Kind::authorization) entry.token = call.token;
  entry.amount = std::move(amount);
  entry.code = std::string(code);
  entry.message = std::move(message);
  entry.fingerprint = fingerprint(call);
  return said(append(std::move(entry)));
}

const LedgerEntry& Gateway::append(LedgerEntry entry) {
  entry.sequence = static_cast<std::int64_t>(ledger_.size()) + 1;
  entry.id = new_id(entry.kind, entry.sequence);
  if (entry.kind == Kind::authorization) entry.authorization = entry.id;
  if (recorder_) recorder_(entry);
  const LedgerEntry& kept = ledger_.emplace_back(std::move(entry));
  apply(kept);
  return kept;
}

void Gateway::apply(const LedgerEntry& entry) {
  // The key of the map must be the newest entry's: erasing first keeps no view of an older one.
  keys_.erase(entry.key);
  keys_.emplace(entry.key, &entry);
  ids_.emplace(entry.id, &entry);
  if (!entry.done()) return;
  if (entry.kind == Kind::authorization) {
    authorizations_.try_emplace(entry.id);
    return;
  }
  auto it = authorizations_.find(entry.authorization);
  if (it == authorizations_.end()) return;  // a void of nothing
  if (entry.kind == Kind::capture) it->second.captured += entry.amount.minor;
  if (entry.kind == Kind::refund) it->second.refunded += entry.amount.minor;
  if (entry.kind == Kind::void_) it->second.voided = true;
}

}  // namespace ordersaga::simulators::payment_gateway
