#include "tools/sagactl/output.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "aggregates/currency.h"
#include "tools/sagactl/exit_code.h"

namespace ordersaga::sagactl {

namespace {

struct Mark {
  std::string_view state;
  std::string_view mark;
  Color color;
};
constexpr Mark kMarks[] = {
    {"COMPLETED", "✓", Color::green}, {"CONFIRMED", "✓", Color::green},     {"DELIVERED", "✓", Color::green},
    {"ok", "✓", Color::green},        {"REJECTED", "✗", Color::red},        {"FAILED", "✗", Color::red},
    {"CANCELLED", "✗", Color::red},   {"PARKED", "✗", Color::red},          {"COMPENSATION_FAILED", "✗", Color::red},
    {"failed", "✗", Color::red},      {"COMPENSATING", "◐", Color::yellow}, {"warning", "!", Color::yellow},
};

// Text that is no UTF-8 must not end a listing.
std::string dump(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string plain(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : dump(value);
}

Color color_of(const Field& field, const Json& row) {
  if (field.kind != Kind::state) return Color::none;
  std::string state = row.contains(field.name) ? plain(row[field.name]) : "";
  for (const Mark& m : kMarks)
    if (m.state == state) return m.color;
  return Color::none;
}

bool is_right(const Field& field) {
  return field.kind == Kind::number || field.kind == Kind::amount;
}

std::string csv_cell(const Json& row, const std::string& name) {
  std::string text = row.contains(name) ? plain(row[name]) : "";
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

void print_csv(const std::vector<Field>& fields, const std::vector<Json>& rows, std::ostream& out) {
  for (std::size_t i = 0; i < fields.size(); ++i) out << (i == 0 ? "" : ",") << fields[i].name;
  out << "\n";
  for (const Json& row : rows) {
    for (std::size_t i = 0; i < fields.size(); ++i) out << (i == 0 ? "" : ",") << csv_cell(row, fields[i].name);
    out << "\n";
  }
}

void print_table(const Listing& listing, const Style& style, Console& console) {
  std::vector<const Field*> fields;
  for (const Field& field : listing.fields)
    if (field.show == Show::always || (field.show == Show::wide && style.format == Format::wide)) fields.push_back(&field);
  std::vector<std::size_t> widths;
  for (const Field* field : fields) widths.push_back(display_width(field->title));
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : listing.rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      line.push_back(cell(*fields[i], row, style));
      widths[i] = std::max(widths[i], display_width(line.back()));
    }
  }
  auto print_line = [&](auto text_of, auto color_at) {
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) line += "  ";
      line += paint(pad(text_of(i), widths[i], is_right(*fields[i])), color_at(i), style.color);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    console.out << line << "\n";
  };
  if (!listing.rows.empty() && !style.quiet)
    print_line([&](std::size_t i) { return fields[i]->title; }, [](std::size_t) { return Color::bold; });
  for (std::size_t r = 0; r < cells.size(); ++r)
    print_line([&](std::size_t i) { return cells[r][i]; }, [&](std::size_t i) { return color_of(*fields[i], listing.rows[r]); });
  if (style.quiet) return;
  console.err << listing.rows.size() << " " << listing.noun;
  if (!listing.next.empty()) console.err << " · " << listing.next;
  console.err << "\n";
}

}  // namespace

std::string amount_text(std::int64_t minor, std::string_view currency) {
  int exponent = aggregates::currency_exponent(currency).value_or(0);
  std::uint64_t units = minor < 0 ? 0 - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  std::string digits = std::to_string(units);
  if (exponent > 0) {
    auto decimals = static_cast<std::size_t>(exponent);
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    digits.insert(digits.size() - decimals, ".");
  }
  return fmt::format("{}{} {}", minor < 0 ? "-" : "", digits, currency);
}

std::string cell(const Field& field, const Json& row, const Style& style) {
  if (!row.contains(field.name) || row[field.name].is_null()) return "";
  const Json& value = row[field.name];
  switch (field.kind) {
    case Kind::time:
      if (auto at = parse_iso(plain(value))) return format_time(*at, style.now, style.times);
      return plain(value);
    case Kind::amount:
      return value.is_number_integer() ? amount_text(value.get<std::int64_t>(), row.value("currency", "")) : plain(value);
    case Kind::state:
      for (const Mark& m : kMarks)
        if (m.state == plain(value)) return std::string(m.mark) + " " + plain(value);
      return "· " + plain(value);
    case Kind::text:
    case Kind::number:
      break;
  }
  return plain(value);
}

void print(const Listing& listing, const Style& style, Console& console) {
  switch (style.format) {
    case Format::none:
      return;
    case Format::json:
      console.out << dump(Json{{"items", listing.rows}}, 2) << "\n";
      return;
    case Format::jsonl:
      for (const Json& row : listing.rows) console.out << dump(row) << "\n";
      return;
    case Format::csv:
      print_csv(listing.fields, listing.rows, console.out);
      return;
    case Format::table:
    case Format::wide:
      print_table(listing, style, console);
  }
}

void print_object(const std::vector<Field>& fields, const Json& object, const Style& style, Console& console) {
  switch (style.format) {
    case Format::none:
      return;
    case Format::json:
      console.out << dump(object, 2) << "\n";
      return;
    case Format::jsonl:
      console.out << dump(object) << "\n";
      return;
    case Format::csv:
      print_csv(fields, {object}, console.out);
      return;
    case Format::table:
    case Format::wide:
      break;
  }
  std::size_t width = 0;
  for (const Field& field : fields) width = std::max(width, display_width(field.title));
  for (const Field& field : fields) {
    if (field.show == Show::never || (field.show == Show::wide && style.format != Format::wide)) continue;
    std::string text = cell(field, object, style);
    if (!text.empty()) console.out << pad(field.title, width + 2) << paint(text, color_of(field, object), style.color) << "\n";
  }
}

Json to_json(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = false;
  auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok())
    throw Failure(ExitCode::failed, fmt::format("{} cannot be written as JSON: {}", message.GetTypeName(), status.ToString()));
  return Json::parse(text);
}

}  // namespace ordersaga::sagactl
