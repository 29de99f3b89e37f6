#include "projections/order_summary/lists.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace ordersaga::projections::order_summary {

namespace {

void escape(std::string_view text, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte >= 0x20 || byte == 0) {
      out.push_back(c);
    } else {
      out += "\\u00";
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
}

}  // namespace

Entry& Entry::add(std::string_view text) {
  if (text_.size() > 1) text_.back() = ',';
  text_.push_back('"');
  escape(text, text_);
  text_ += "\"]";
  return *this;
}

Entry& Entry::add(std::int64_t number) {
  if (text_.size() > 1) text_.back() = ',';
  char digits[24];
  text_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  text_.push_back(']');
  return *this;
}

void EntryList::add(const Entry& entry) {
  text_.pop_back();
  if (text_.size() > 1) text_.push_back(',');
  text_ += entry.text();
  text_.push_back(']');
}

EntryList EntryList::parse(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') throw std::runtime_error("a column holds no list of entries");
  EntryList list;
  list.text_ = text;
  return list;
}

Parcel* Parcels::find(std::string_view number) {
  auto found = std::find_if(parcels_.begin(), parcels_.end(), [&](const Parcel& p) { return p.number == number; });
  return found == parcels_.end() ? nullptr : &*found;
}

void Parcels::put(Parcel parcel) {
  auto place = std::lower_bound(parcels_.begin(), parcels_.end(), parcel.number,
                                [](const Parcel& p, const std::string& number) { return p.number < number; });
  if (place != parcels_.end() && place->number == parcel.number)
    *place = std::move(parcel);
  else
    parcels_.insert(place, std::move(parcel));
}

void Parcels::append_to(std::string& text) const {
  EntryList list;
  for (const Parcel& p : parcels_) {
    Entry entry;
    for (const std::string* field :
         {&p.number, &p.status, &p.tracking_status, &p.carrier, &p.booking_reference, &p.tracking_number, &p.label_url})
      entry.add(std::string_view(*field));
    list.add(entry.add(p.created_at).add(p.updated_at));
  }
  list.append_to(text);
}

Parcels Parcels::parse(std::string_view text) {
  Parcels parcels;
  if (text == "[]") return parcels;
  try {
    auto time = [](const nlohmann::json& value) { return Timestamp(Timestamp::duration(value.get<std::int64_t>())); };
    for (const nlohmann::json& e : nlohmann::json::parse(text))
      parcels.parcels_.push_back({e.at(0), e.at(1), e.at(2), e.at(3), e.at(4), e.at(5), e.at(6), time(e.at(7)), time(e.at(8))});
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(std::string("a column holds no parcels: ") + error.what());
  }
  return parcels;
}

}  // namespace ordersaga::projections::order_summary
