// I17: our shipments are the carrier's ledger, both ways.
//   - What our log says the carrier did (booked, took over, cancelled, delivered, lost), its ledger has, under the same
//     references (read after the log).
//   - What its ledger has (read before the heads were fixed) was asked for in our log, to the place that we named.
//   - It booked a shipment at most once, and took it over at most once.
//   - Once all sagas of an order are over, nothing is booked, under way or delivered there that our log does not know.
// Until then the carrier may be ahead of us by the calls whose answers are on their way.
// Memory: what the ledger and the log say of each shipment.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tools/verify/checker.h"
#include "tools/verify/saga_phases.h"

namespace ordersaga::verify {

class CarrierChecker final : public Checker {
 public:
  // Reads the ledger now (so: before the heads are fixed), and again in finish(). `carrier` must outlive the checker.
  CarrierChecker(CarrierSource& carrier, Findings& findings);
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;
  void finish() override;

 private:
  struct Shipment {
    bool booking_asked = false;
    bool hand_over_asked = false;
    bool cancellation_asked = false;
    std::string postcode;  // that we asked it to be sent to
    // How far our log says it is; unspecified before it is created.
    shipment::v1::TrackingStatus status = shipment::v1::TRACKING_STATUS_UNSPECIFIED;
    bool dispatched = false;
    std::string booking;
    std::string tracking_number;
    std::string hand_over;
    bool settled = false;  // all sagas of its order are over
  };
  // What the ledger has of one shipment.
  struct Kept {
    std::vector<CarrierEntry> bookings;
    std::vector<CarrierEntry> hand_overs;
    std::vector<CarrierEntry> cancellations;
    const CarrierEntry* booking(std::string_view reference) const;
    bool is_handed_over(std::string_view booking) const;
    bool is_cancelled(std::string_view booking) const;
  };
  using Ledger = std::unordered_map<std::string, Kept>;

  static Ledger sort(std::vector<CarrierEntry> entries);
  Shipment& shipment(const std::string& id, std::string_view order_id);
  void see_event(Shipment& shipment, const LogEntry& entry);
  void see_request(const LogEntry& entry);
  void check_asked_for(const std::string& id, const Kept& kept, const Shipment* ours);
  void check_counts(const std::string& id, const Kept& kept);
  void check_claims(const std::string& id, const Shipment& ours, const Kept& kept);
  void check_journey(const std::string& id, const Shipment& ours, const CarrierEntry& booking, const Kept& kept);
  void check_settled(const std::string& id, const Shipment& ours, const Kept& kept);
  void found(const std::string& id, std::string expected, std::string found);

  CarrierSource& carrier_;
  Findings& findings_;
  Ledger before_;
  SagaPhases phases_;
  std::unordered_map<std::string, Shipment> shipments_;        // of all shards
  std::vector<std::pair<std::string, std::string>> of_shard_;  // shipment id, order id
};

}  // namespace ordersaga::verify
