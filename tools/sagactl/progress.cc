#include "tools/sagactl/progress.h"

#include <fmt/format.h>

#include "tools/sagactl/output.h"
#include "tools/sagactl/time_format.h"

namespace ordersaga::sagactl {

namespace {

constexpr int kBar = 24;
constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kLineEvery = std::chrono::seconds(10);

}  // namespace

ProgressLine::ProgressLine(Console& console, const Options& options, std::string job)
    : console_(console), style_(options.progress), job_(std::move(job)), began_(console.clock->steady()), shown_(began_) {
  if (style_ == ProgressStyle::automatic && options.quiet) style_ = ProgressStyle::none;
  if (style_ == ProgressStyle::automatic && !console.err_is_terminal) style_ = ProgressStyle::plain;
}

ProgressLine::~ProgressLine() {
  if (drawn_) console_.err << "\r\033[K" << std::flush;
}

void ProgressLine::show(std::int64_t done, std::int64_t of, std::int64_t items, const std::string& unit) {
  if (style_ == ProgressStyle::none) return;
  std::chrono::microseconds now = console_.clock->steady();
  if (now - shown_ < (style_ == ProgressStyle::automatic ? Duration(kRedraw) : Duration(kLineEvery))) return;
  shown_ = now;
  double seconds = std::chrono::duration<double>(now - began_).count();
  std::int64_t rate = seconds > 0 ? static_cast<std::int64_t>(static_cast<double>(items) / seconds) : 0;
  std::int64_t percent = of > 0 ? done * 100 / of : 0;
  if (style_ == ProgressStyle::json) {
    Json line = {{"job", job_}, {"done", done}, {"of", of}, {unit, items}, {"elapsed_ms", (now - began_).count() / 1'000}};
    console_.err << line.dump() << "\n" << std::flush;
    return;
  }
  std::string text = fmt::format("{}  {:3} %  {} {}  {} /s", job_, percent, items, unit, rate);
  if (style_ == ProgressStyle::plain) {
    console_.err << text << "\n" << std::flush;
    return;
  }
  std::string bar;
  for (int i = 0; i < kBar; ++i) bar += of > 0 && i < done * kBar / of ? "█" : " ";
  console_.err << fmt::format("\r\033[K{}  ▕{}▏ {:3} %  {} {}  {} /s", job_, bar, percent, items, unit, rate) << std::flush;
  drawn_ = true;
}

}  // namespace ordersaga::sagactl
