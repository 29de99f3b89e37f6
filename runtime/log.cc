#include "runtime/log.h"

#include <pthread.h>

#include <fmt/chrono.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

namespace ordersaga::runtime::log {
namespace {

constexpr std::array<std::pair<std::string_view, Level>, 6> kLevels{{{"trace", Level::trace},
                                                                     {"debug", Level::debug},
                                                                     {"info", Level::info},
                                                                     {"warn", Level::warn},
                                                                     {"error", Level::error},
                                                                     {"off", Level::off}}};

thread_local std::string_view thread_name;

std::string_view name_of(Level level) {
  return kLevels[static_cast<std::size_t>(level)].first;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::trace:
      return spdlog::level::trace;
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

struct Output {
  std::shared_ptr<spdlog::logger> logger;  // spdlog's own sinks are shared
  bool json = true;
};

Output make_output(Format format) {
  const bool text = format == Format::text || (format == Format::automatic && ::isatty(STDERR_FILENO) == 1);
  Output out;
  out.json = !text;
  if (text && ::isatty(STDERR_FILENO) == 1) {
    out.logger = std::make_shared<spdlog::logger>("ordersaga", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
  } else {
    out.logger = std::make_shared<spdlog::logger>("ordersaga", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  }
  out.logger->set_pattern(text ? "%H:%M:%S.%e %^%-5l%$ %v" : "%v");
  out.logger->flush_on(spdlog::level::trace);
  return out;
}

// Replaced as a whole by configure(); a writer keeps the one it took. Never destroyed: threads may log until the end.
struct Current {
  std::mutex mutex;
  Output output = make_output(Format::automatic);
};

Current& current() {
  static auto* instance = new Current;
  return *instance;
}

Output current_output() {
  Current& c = current();
  const std::lock_guard lock(c.mutex);
  return c.output;
}

std::string json_line(Level level, std::string_view message, std::span<const Field> fields) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  nlohmann::ordered_json line;
  line["time"] = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", std::chrono::time_point_cast<std::chrono::seconds>(now),
                             now.time_since_epoch().count() % 1000);
  line["level"] = name_of(level);
  line["message"] = message;
  if (!thread_name.empty()) line["thread"] = thread_name;
  for (const Field& field : fields) std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string text_line(std::string_view message, std::span<const Field> fields) {
  std::string line = thread_name.empty() ? std::string(message) : fmt::format("[{}] {}", thread_name, message);
  for (const Field& field : fields) {
    // JSON's form of the value: strings are quoted and control characters escaped.
    const std::string value = std::visit(
        [](const auto& v) { return nlohmann::json(v).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }, field.value);
    fmt::format_to(std::back_inserter(line), " {}={}", field.name, value);
  }
  return line;
}

}  // namespace

std::optional<Level> parse_level(std::string_view name) {
  for (const auto& [known, level] : kLevels)
    if (known == name) return level;
  return std::nullopt;
}

std::optional<Format> parse_format(std::string_view name) {
  if (name == "auto") return Format::automatic;
  if (name == "json") return Format::json;
  if (name == "text") return Format::text;
  return std::nullopt;
}

void configure(Level level, Format format) {
  Output output = make_output(format);
  output.logger->set_level(spdlog_level(level));
  Current& c = current();
  const std::lock_guard lock(c.mutex);
  c.output = std::move(output);
}

bool enabled(Level level) {
  return current_output().logger->should_log(spdlog_level(level));
}

void name_thread(std::string_view name) {
  thread_name = name;
  // The kernel takes 15 characters.
  pthread_setname_np(pthread_self(), std::string(name.substr(0, 15)).c_str());
}

void write(Level level, std::string_view message, std::span<const Field> fields) {
  try {
    const Output output = current_output();
    const auto spd_level = spdlog_level(level);
    if (!output.logger->should_log(spd_level)) return;
    // As an argument, not as a format: braces in a message mean nothing.
    output.logger->log(spd_level, "{}", output.json ? json_line(level, message, fields) : text_line(message, fields));
  } catch (const std::exception&) {
    // Out of memory, or no local time: logging must not end what it reports on.
  }
}

}  // namespace ordersaga::runtime::log
