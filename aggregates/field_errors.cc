#include "aggregates/field_errors.h"

#include <utility>

#include "aggregates/text.h"

namespace ordersaga::aggregates {
namespace {

constexpr std::size_t kMaxDetails = 20;

void append_index(std::string& path, int index) {
  if (index >= 0) path.append("[").append(std::to_string(index)).append("]");
}

}  // namespace

std::string Field::path() const {
  std::string path(parent);
  append_index(path, parent_index);
  if (!path.empty()) path += '.';
  path += name;
  append_index(path, index);
  return path;
}

void FieldErrors::add(const Field& field, std::string_view problem) {
  if (++total_ > kMaxDetails) return;
  details_.push_back({{"field", field.path()}, {"problem", std::string(problem)}});
}

void FieldErrors::require_id(const Field& field, std::string_view value) {
  if (!is_valid_id(value)) add(field, "must be 1 to 64 characters of A-Z a-z 0-9 . _ : -");
}

void FieldErrors::check_id(const Field& field, std::string_view value) {
  if (!value.empty()) require_id(field, value);
}

void FieldErrors::require_text(const Field& field, std::string_view value, std::size_t max) {
  if (value.empty()) {
    add(field, "is missing");
  } else {
    check_text(field, value, max);
  }
}

void FieldErrors::check_text(const Field& field, std::string_view value, std::size_t max) {
  if (value.size() > max) {
    add(field, "must be at most " + std::to_string(max) + " bytes long");
  } else if (!is_text(value)) {
    add(field, "must be UTF-8 without NUL");
  }
}

void FieldErrors::check_range(const Field& field, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least || value > most) add(field, "must be " + std::to_string(least) + " to " + std::to_string(most));
}

Rejection FieldErrors::rejection() && {
  Rejection rejection{std::string(error::kInvalidArgument), {}, std::move(details_)};
  for (const Detail& detail : rejection.details) {
    if (!rejection.message.empty()) rejection.message += "; ";
    rejection.message.append(detail[0].second).append(" ").append(detail[1].second);
  }
  if (total_ > kMaxDetails) rejection.message.append("; and ").append(std::to_string(total_ - kMaxDetails)).append(" more");
  return rejection;
}

}  // namespace ordersaga::aggregates
