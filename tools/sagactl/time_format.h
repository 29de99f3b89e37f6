// Times as people and programs read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/ids.h"

namespace ordersaga::sagactl {

enum class TimeFormat { relative, iso, raw };

// "2026-11-21T07:40:02.114Z"; with microseconds when they are not whole milliseconds.
std::string iso(Timestamp at);
std::optional<Timestamp> parse_iso(std::string_view text);
// "07:40:02.114"
std::string time_of_day(Timestamp at);
// "41ms", "4.2s", "42s", "3m20s", "2h13m", "5d3h"
std::string short_duration(Duration duration);
// relative: "42s ago", "in 4s"; iso: as above; raw: microseconds since 1970.
std::string format_time(Timestamp at, Timestamp now, TimeFormat format);

}  // namespace ordersaga::sagactl
