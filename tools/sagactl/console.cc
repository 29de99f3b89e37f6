#include "tools/sagactl/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "tools/sagactl/exit_code.h"

namespace ordersaga::sagactl {

namespace {

volatile std::sig_atomic_t g_stop = 0;

void on_signal(int) {
  if (g_stop != 0) _exit(static_cast<int>(ExitCode::interrupted));  // the second time, at once
  g_stop = 1;
}

int terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

}  // namespace

Console process_console(const runtime::Clock& clock) {
  return {.in = std::cin,
          .out = std::cout,
          .err = std::cerr,
          .in_is_terminal = isatty(STDIN_FILENO) != 0,
          .out_is_terminal = isatty(STDOUT_FILENO) != 0,
          .err_is_terminal = isatty(STDERR_FILENO) != 0,
          .width = terminal_width(),
          .environment = runtime::process_environment(),
          .clock = &clock};
}

void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a closed pipe shows as a failed write
}

bool stop_requested() {
  return g_stop != 0;
}

void throw_if_stopped() {
  if (stop_requested()) throw Failure(ExitCode::interrupted, "interrupted");
}

std::string paint(std::string_view text, Color color, bool colored) {
  if (!colored || color == Color::none) return std::string(text);
  const char* code = "0";
  switch (color) {
    case Color::none:
      break;
    case Color::green:
      code = "32";
      break;
    case Color::red:
      code = "31";
      break;
    case Color::yellow:
      code = "33";
      break;
    case Color::dim:
      code = "2";
      break;
    case Color::bold:
      code = "1";
      break;
  }
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++width;
  return width;
}

std::string pad(std::string_view text, std::size_t width, bool right) {
  std::size_t used = display_width(text);
  std::string space(used < width ? width - used : 0, ' ');
  return right ? space + std::string(text) : std::string(text) + space;
}

}  // namespace ordersaga::sagactl
