// What a command says on stdout: one table renderer, one JSON writer, one CSV writer, over the same rows.
//
// JSON field names are a contract with scripts: they are only ever added to. A list is {"items": […]} in json and one
// object a line in jsonl; csv and the table have the same rows.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/sagactl/console.h"
#include "tools/sagactl/time_format.h"

namespace ordersaga::sagactl {

using Json = nlohmann::ordered_json;

enum class Format { table, wide, json, jsonl, csv, none };
enum class Kind {
  text,
  number,  // to the right
  time,    // an ISO time in the row
  amount,  // minor units; the row's "currency" says of what
  state    // with its mark and colour
};
enum class Show { always, wide, never };  // in a table; JSON and CSV have all

struct Field {
  std::string name;   // in JSON and CSV
  std::string title;  // in a table
  Kind kind = Kind::text;
  Show show = Show::always;
};

struct Listing {
  std::string noun;  // plural, for the line below a table: "3 orders"
  std::vector<Field> fields;
  std::vector<Json> rows;
  std::string next;  // the command to try next, below a table
};

struct Style {
  Format format = Format::table;
  TimeFormat times = TimeFormat::relative;
  bool color = false;
  bool quiet = false;
  Timestamp now{};
};

// Prints the rows; the line below a table goes to `err`.
void print(const Listing& listing, const Style& style, Console& console);
// One object: a table has a line for each field, json the object. CSV is a header and a line.
void print_object(const std::vector<Field>& fields, const Json& object, const Style& style, Console& console);
// A cell as a table shows it.
std::string cell(const Field& field, const Json& row, const Style& style);
// "12.34 EUR"
std::string amount_text(std::int64_t minor, std::string_view currency);

// The message by proto3's JSON rules, fields in the order of their numbers.
Json to_json(const google::protobuf::Message& message);

}  // namespace ordersaga::sagactl
