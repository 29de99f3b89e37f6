// What belongs to an order and stands in its row: lists of short entries, as JSON arrays of arrays without names. Views in
// schemas/sql/V135 give them names, types and rows of their own (read.order_items and so on).
//
// Why in the row: an order's items, addresses, statuses and payments are never looked for without the order, and a row of their
// own cost each of them more in the index and in the write-ahead log than their content (docs/decisions/0021).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/ids.h"

namespace ordersaga::projections::order_summary {

// One entry. Texts are written as they are but for quotes, backslashes and control characters; a NUL stays, so that the store
// refuses the row.
class Entry {
 public:
  Entry& add(std::string_view text);
  Entry& add(std::int64_t number);
  Entry& add(Timestamp time) { return add(time.time_since_epoch().count()); }
  const std::string& text() const { return text_; }

 private:
  std::string text_ = "[";
};

// A list that only grows.
class EntryList {
 public:
  void add(const Entry& entry);
  std::size_t size() const { return text_.size(); }
  void append_to(std::string& text) const { text += text_; }
  static EntryList parse(std::string_view text);

 private:
  std::string text_ = "[]";
};

// A parcel as it stands.
struct Parcel {
  std::string number;  // of the shipment's id, behind the order's
  std::string status;
  std::string tracking_status;
  std::string carrier;
  std::string booking_reference;
  std::string tracking_number;
  std::string label_url;
  Timestamp created_at;
  Timestamp updated_at;
};

class Parcels {
 public:
  // Null when there is none.
  Parcel* find(std::string_view number);
  void put(Parcel parcel);
  const std::vector<Parcel>& all() const { return parcels_; }
  std::size_t size() const { return parcels_.size() * sizeof(Parcel); }
  void append_to(std::string& text) const;
  // Throws std::runtime_error when the text is none of ours.
  static Parcels parse(std::string_view text);

 private:
  std::vector<Parcel> parcels_;  // by their number's text
};

}  // namespace ordersaga::projections::order_summary
