#include <fmt/format.h>

#include <algorithm>

#include "tools/sagactl/console.h"
#include "tools/sagactl/output.h"
#include "tools/sagactl/time_format.h"
#include "tools/sagactl/timeline.h"

namespace ordersaga::sagactl {

namespace {

constexpr int kMinBar = 20;
constexpr int kMaxBar = 48;
constexpr int kTicks = 4;
// Columns that what stands behind a bar may take before the bar is made shorter.
constexpr int kRoomForText = 34;

// Maps times to columns of the bar.
struct Scale {
  Timestamp from;
  Duration length;
  int width;

  int column(Timestamp at) const {
    if (length.count() <= 0) return 0;
    auto c = (at - from).count() * (width - 1) / length.count();
    return static_cast<int>(std::clamp<std::int64_t>(c, 0, width - 1));
  }
};

std::string repeat(std::string_view unit, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += unit;
  return out;
}

std::string glyph(ActivityStatus status) {
  switch (status) {
    case ActivityStatus::running:
      return "▸";
    case ActivityStatus::waiting_to_retry:
      return "⟳";
    case ActivityStatus::unknown:
      return "?";
    case ActivityStatus::done:
      return "✓";
    case ActivityStatus::skipped:
      return "–";
    case ActivityStatus::failed:
    case ActivityStatus::stuck:
      return "✗";
  }
  return " ";
}

Color color_of(ActivityStatus status) {
  switch (status) {
    case ActivityStatus::done:
      return Color::green;
    case ActivityStatus::failed:
    case ActivityStatus::stuck:
      return Color::red;
    case ActivityStatus::skipped:
      return Color::dim;
    default:
      return Color::yellow;
  }
}

std::string axis(const Scale& scale) {
  std::string line;
  if (scale.length.count() < kTicks) return "0";
  for (int i = 0; i < kTicks; ++i) {
    auto at = static_cast<std::size_t>(scale.width * i / kTicks);
    line = pad(line, at) + (i == 0 ? "0" : short_duration(scale.length * i / kTicks));
  }
  return line;
}

std::string bar(const Activity& a, const Scale& scale, Timestamp until) {
  int from = scale.column(a.begin);
  int to = scale.column(a.end.value_or(until));
  return repeat(" ", from) + repeat(a.compensation ? "═" : "─", to - from) + (a.pivot ? "◆" : glyph(a.status));
}

std::string remark(const Activity& a, Timestamp now) {
  std::string text;
  auto add = [&](const std::string& part) { text += (text.empty() ? "" : "  ") + part; };
  if (a.status == ActivityStatus::skipped) return "does not apply";
  if (a.end) add(short_duration(*a.end - a.begin));
  if (!a.end && a.status != ActivityStatus::stuck) add(a.status == ActivityStatus::unknown ? "no answer yet" : "waiting");
  if (a.attempt > 1) add(fmt::format("×{}", a.attempt));
  if (a.queries > 0) add(fmt::format("asked {}×", a.queries));
  if (a.polls > 0) add(fmt::format("polled {}×", a.polls));
  if (!a.code.empty()) add(a.message.empty() ? a.code : a.code + " " + a.message);
  if (a.wake_at) add(fmt::format("⏱ {}", a.wake_at > now ? "in " + short_duration(*a.wake_at - now) : time_of_day(*a.wake_at)));
  return text;
}

std::string heading(const std::string& saga, const Run& run, const DrawOptions& options) {
  std::string line =
      fmt::format("{} · {} · started {}", saga, options.order_number.empty() ? run.order_id : options.order_number, iso(run.started));
  if (!run.trace.empty()) line += " · trace " + run.trace;
  Color color = run.state == "COMPLETED" ? Color::green : run.state == "RUNNING" ? Color::none : Color::red;
  line += " · " + paint(run.state, color, options.color);
  if (run.ended) line += " in " + short_duration(*run.ended - run.started);
  if (!run.code.empty()) line += fmt::format(" · {}{}{}", run.code, run.message.empty() ? "" : " ", run.message);
  return line;
}

void facts_lines(const OrderFacts& facts, std::vector<std::string>& lines) {
  std::int64_t open = facts.reserved - facts.released - facts.shipped;
  std::string money =
      fmt::format("money: authorized {}, captured {}, refunded {}{}", amount_text(facts.authorized, facts.currency),
                  amount_text(facts.captured, facts.currency), amount_text(facts.refunded, facts.currency), facts.voided ? ", voided" : "");
  lines.push_back(fmt::format("{}   stock: reserved {}, released {}, shipped {}{}", money, facts.reserved, facts.released, facts.shipped,
                              open > 0 ? fmt::format(", {} open", open) : ""));
}

}  // namespace

std::vector<std::string> draw(const std::string& saga, const Run& run, const std::optional<OrderFacts>& facts, const DrawOptions& options) {
  std::vector<std::string> lines{heading(saga, run, options)};
  std::size_t name_width = 0;
  bool open = !run.ended && run.state != "PARKED" && run.state != "COMPENSATION_FAILED";
  Timestamp last = run.started;
  for (const Activity& a : run.activities) {
    name_width = std::max(name_width, display_width(a.name) + (a.compensation ? 5 : 0));
    last = std::max(last, a.end.value_or(a.begin));
  }
  Timestamp until = run.ended ? *run.ended : open ? std::max(options.now, last) : last;
  int bar_width = std::clamp(options.width - static_cast<int>(name_width) - 6 - kRoomForText, kMinBar, kMaxBar);
  Scale scale{run.started, until - run.started, bar_width};
  std::string indent(name_width + 6, ' ');
  lines.push_back(indent + pad(axis(scale), static_cast<std::size_t>(bar_width) + 2) +
                  paint("── forward  ══ undoing  ◆ pivot  ⏱ timer", Color::dim, options.color));
  for (std::size_t i = 0; i < run.activities.size(); ++i) {
    const Activity& a = run.activities[i];
    std::string branch = i + 1 == run.activities.size() ? "  └─ " : "  ├─ ";
    std::string name = pad(a.compensation ? "undo " + a.name : a.name, name_width + 1);
    std::string drawn = pad(bar(a, scale, until), static_cast<std::size_t>(bar_width) + 2);
    lines.push_back(branch + name + paint(drawn, color_of(a.status), options.color) + remark(a, options.now));
    while (!lines.back().empty() && lines.back().back() == ' ') lines.back().pop_back();
  }
  if (facts) facts_lines(*facts, lines);
  return lines;
}

}  // namespace ordersaga::sagactl
