// The simulated carrier: bookings, hand-overs, cancellations, and parcels that travel by themselves. Time comes in; the
// same calls at the same times give the same answers, always.
//
// Like the gateway's, its ledger is an oracle: it prevents no second booking of one shipment, but shows it.
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

#include "schemas/ids.h"

namespace ordersaga::simulators::carrier {

inline constexpr std::string_view kCarrierName = "Simulated Parcel";

enum class Kind : std::uint8_t { booking, handover, cancellation, advance };
std::string_view name(Kind kind);

enum class Tracking : std::uint8_t { booked, handed_over, in_transit, out_for_delivery, delivered, lost, cancelled };
// "BOOKED", "HANDED_OVER" …
std::string_view name(Tracking tracking);

// One operation that was carried out, or refused for good.
struct LedgerEntry {
  std::int64_t sequence = 0;  // dense from 1
  Timestamp at{};
  Kind kind = Kind::booking;
  std::string id;        // "bkg_1", "han_2" …
  std::string key;       // idempotency key of the call; empty: advance
  std::string shipment;  // the caller's name of the shipment
  std::string booking;   // id of the one it acts on, or is; empty when there is none
  std::string postcode;  // of a booking
  std::string city;
  std::string tracking_number;  // of a booking
  std::string code;             // why it was refused; empty: done
  std::string message;
  std::uint64_t fingerprint = 0;  // of the call's parameters; 0: any will do

  bool done() const { return code.empty(); }
};

struct Call {
  Kind kind = Kind::booking;  // advance has a function of its own
  std::string key;
  std::string shipment;
  std::string postcode;  // bookings
  std::string city;
  int parcels = 1;  // bookings: lines to be sent
  // What the others act on: a booking's id, or, when that is not known, the key of the call that made it.
  std::string reference;
  std::string target_key;
};

enum class Verdict : std::uint8_t {
  done,         // and now or earlier: `entry` says what
  refused,      // for good, and remembered: `entry` says why
  invalid,      // not understood or another call with this key; nothing was done or remembered
  unavailable,  // not now; nothing was done
  nothing,      // an unknown key or booking
};

struct Answer {
  Verdict verdict = Verdict::done;
  const LedgerEntry* entry = nullptr;  // done, refused; lives as long as the carrier
  std::string_view code;               // the other verdicts
  std::string message;
  std::chrono::milliseconds delay{};
};

struct Tracked {
  const LedgerEntry* booking = nullptr;  // null: no such booking
  Tracking status = Tracking::booked;
};

struct Options {
  std::chrono::seconds key_lifetime = std::chrono::hours(24);
  // From hand-over to IN_TRANSIT, from there to OUT_FOR_DELIVERY, from there to DELIVERED; 0: only on command.
  std::chrono::milliseconds advance_every = std::chrono::seconds(2);
  // Of the postcode SLOW, and of the answers that come too late for any client.
  std::chrono::milliseconds slow = std::chrono::seconds(2);
  std::chrono::milliseconds late = std::chrono::seconds(60);
};

class Carrier {
 public:
  // Sees each entry before it counts. When it throws, the operation has not happened.
  using Recorder = std::function<void(const LedgerEntry&)>;

  explicit Carrier(Options options = {}, Recorder recorder = nullptr);

  Answer handle(const Call& call, Timestamp now);
  // What became of the call with that key: done, refused, or nothing when the carrier does not know it (any more).
  Answer query(std::string_view key, Timestamp now) const;
  // `name`: a booking's id, or a shipment's name (its newest booking).
  Tracked track(std::string_view name, Timestamp now) const;
  // Moves a parcel one status on at once.
  Answer advance(std::string_view name, Timestamp now);

  const std::deque<LedgerEntry>& ledger() const { return ledger_; }
  // Takes an entry of an earlier life; the recorder does not see it. Throws std::invalid_argument when it is not the next.
  void restore(LedgerEntry entry);

 private:
  struct Parcel {
    const LedgerEntry* booking = nullptr;
    Timestamp handed_over_at{};
    bool handed_over = false;
    bool cancelled = false;
    int advances = 0;
  };

  const LedgerEntry* remembered(std::string_view key, Timestamp now) const;
  const Parcel* find(std::string_view name) const;
  const Parcel* target(const Call& call) const;
  Tracking status(const Parcel& parcel, Timestamp now) const;

  Answer book(const Call& call, Timestamp now);
  Answer hand_over(const Call& call, Timestamp now);
  Answer cancel(const Call& call, Timestamp now);
  Answer record(const Call& call, const Parcel* parcel, Timestamp now, std::string_view code = {}, std::string message = {});
  const LedgerEntry& append(LedgerEntry entry);
  void apply(const LedgerEntry& entry);

  const Options options_;
  const Recorder recorder_;
  std::deque<LedgerEntry> ledger_;                                      // its entries never move
  std::unordered_map<std::string_view, const LedgerEntry*> keys_;       // the newest entry of a key
  std::unordered_map<std::string_view, Parcel> parcels_;                // by booking id
  std::unordered_map<std::string_view, const LedgerEntry*> shipments_;  // newest booking
  std::unordered_map<std::string, int> tries_;                          // of bookings to a postcode that counts them
};

}  // namespace ordersaga::simulators::carrier
