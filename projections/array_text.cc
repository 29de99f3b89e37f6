#include "projections/array_text.h"

#include "events/errors.h"

namespace ordersaga::projections {

namespace {

void append_quoted(std::string& out, const std::string& text) {
  out.push_back('"');
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\0') throw events::BadData("a text of a read model has a NUL");
    if (c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    out.push_back('\\');
    from = i;
  }
  out.append(text, from, text.size() - from);
  out.push_back('"');
}

}  // namespace

std::string array_text(std::span<const Row> rows, std::size_t index, ColumnType type) {
  std::string out = "{";
  for (const Row& row : rows) {
    if (out.size() > 1) out.push_back(',');
    const Cell& cell = row[index];
    if (!cell)
      out += "NULL";
    else if (type == ColumnType::text)
      append_quoted(out, *cell);
    else
      out += *cell;
  }
  out.push_back('}');
  return out;
}

}  // namespace ordersaga::projections
