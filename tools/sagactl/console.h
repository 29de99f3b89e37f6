// Where a command reads and writes. Data go to `out`; everything else to `err`.
#pragma once

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/settings.h"

namespace ordersaga::sagactl {

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int width = 100;  // of the terminal, in columns
  runtime::Environment environment;
  const runtime::Clock* clock;
};

// The process's own streams. `clock` must outlive it.
Console process_console(const runtime::Clock& clock);

// Set by Ctrl-C and SIGTERM once this was called: commands that go on for long look at it and end.
void stop_on_signals();
bool stop_requested();
// Throws Failure{interrupted} when stop_requested().
void throw_if_stopped();

enum class Color { none, green, red, yellow, dim, bold };
// `text` with the terminal's codes around it; as it is when `colored` is false.
std::string paint(std::string_view text, Color color, bool colored);

// Columns that UTF-8 text takes, each character one.
std::size_t display_width(std::string_view text);
std::string pad(std::string_view text, std::size_t width, bool right = false);

}  // namespace ordersaga::sagactl
