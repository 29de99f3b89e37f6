#include "tools/sagactl/time_format.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdlib>

namespace ordersaga::sagactl {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// The digits at `at`, exactly `count` of them.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::string iso(Timestamp at) {
  auto day = floor<days>(at);
  std::chrono::year_month_day date{day};
  hh_mm_ss<Duration> time{at - day};
  auto micros = time.subseconds().count();
  std::string fraction = micros % 1000 == 0 ? fmt::format("{:03}", micros / 1000) : fmt::format("{:06}", micros);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count(), fraction);
}

std::optional<Timestamp> parse_iso(std::string_view text) {
  auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                   std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  std::int64_t micros = 0;
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = 100'000;
    for (++at; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at, unit /= 10)
      micros += (text[at] - '0') * unit;
  }
  if (text.substr(at) != "Z") return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + Duration(micros);
}

std::string time_of_day(Timestamp at) {
  return iso(floor<std::chrono::milliseconds>(at)).substr(11, 12);
}

std::string short_duration(Duration duration) {
  std::int64_t us = std::abs(duration.count());
  if (us < 1'000) return us == 0 ? "0ms" : fmt::format("{}µs", us);
  if (us < kSecond) return fmt::format("{}ms", us / 1'000);
  if (us < 10 * kSecond) return fmt::format("{}.{}s", us / kSecond, us % kSecond / 100'000);
  if (us < kMinute) return fmt::format("{}s", us / kSecond);
  if (us < kHour) return fmt::format("{}m{:02}s", us / kMinute, us % kMinute / kSecond);
  if (us < kDay) return fmt::format("{}h{:02}m", us / kHour, us % kHour / kMinute);
  return fmt::format("{}d{}h", us / kDay, us % kDay / kHour);
}

std::string format_time(Timestamp at, Timestamp now, TimeFormat format) {
  switch (format) {
    case TimeFormat::iso:
      return iso(at);
    case TimeFormat::raw:
      return std::to_string(at.time_since_epoch().count());
    case TimeFormat::relative:
      break;
  }
  return at > now ? "in " + short_duration(at - now) : short_duration(now - at) + " ago";
}

}  // namespace ordersaga::sagactl
