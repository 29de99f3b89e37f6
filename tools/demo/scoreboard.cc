#include "tools/demo/scoreboard.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace ordersaga::demo {
namespace {

constexpr std::size_t kDeviationsShown = 10;

std::string_view short_name(common::v1::Outcome outcome) {
  std::string_view name = common::v1::Outcome_Name(outcome);
  constexpr std::string_view kPrefix = "OUTCOME_";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

std::string expected_text(const Kind& kind) {
  return kind.code.empty() ? std::string(name_of(kind.end)) : fmt::format("{} {}", name_of(kind.end), kind.code);
}

}  // namespace

Scoreboard::Scoreboard(const Plan& plan) : plan_(plan), fates_(plan.orders.size()) {
  for (std::size_t i = 0; i < plan.orders.size(); ++i) by_id_.emplace(plan.orders[i].command.order_id(), i);
}

void Scoreboard::note_end(std::string_view order_id, End end, std::string_view code) {
  auto found = by_id_.find(std::string(order_id));
  if (found == by_id_.end()) return;
  Fate& fate = fates_[found->second];
  if (fate.end == End::open) {
    fate.end = end;
    fate.code = code;
    ++ended_;
  } else if (fate.end != end || fate.code != code) {
    fate.contradicted = true;
  }
}

void Scoreboard::note_reply(std::string_view order_id, const common::v1::CommandReply& reply) {
  auto found = by_id_.find(std::string(order_id));
  if (found == by_id_.end()) return;
  Fate& fate = fates_[found->second];
  if (fate.reply == common::v1::OUTCOME_UNSPECIFIED) {
    fate.reply = reply.outcome();
    fate.reply_code = reply.error().code();
    ++replied_;
  } else if (fate.reply != reply.outcome() || fate.reply_code != reply.error().code()) {
    fate.contradicted = true;
  }
}

std::string Scoreboard::deviation(std::size_t order) const {
  const Fate& fate = fates_[order];
  const Kind& kind = kKinds[plan_.orders[order].kind];
  if (fate.contradicted) return "two ends or two answers that contradict each other";
  if (fate.end != kind.end || fate.code != kind.code)
    return fmt::format("is {}{}{}, should be {}", name_of(fate.end), fate.code.empty() ? "" : " ", fate.code, expected_text(kind));
  if (fate.reply == common::v1::OUTCOME_UNSPECIFIED) return "its sender got no answer";
  if (fate.reply != expected_reply(kind) || fate.reply_code != kind.code)
    return fmt::format("its sender was answered {} {}", short_name(fate.reply), fate.reply_code);
  return "";
}

bool Scoreboard::as_planned() const {
  for (std::size_t i = 0; i < fates_.size(); ++i)
    if (!deviation(i).empty()) return false;
  return true;
}

std::array<Scoreboard::Tally, kKindCount> Scoreboard::tally() const {
  std::array<Tally, kKindCount> by_kind{};
  for (std::size_t i = 0; i < fates_.size(); ++i) {
    Tally& tally = by_kind[plan_.orders[i].kind];
    if (tally.orders++ == 0) tally.example = plan_.orders[i].command.order_id();
    if (fates_[i].end != End::open) ++tally.ended;
    if (deviation(i).empty()) ++tally.as_planned;
  }
  return by_kind;
}

std::vector<std::string> Scoreboard::deviations() const {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < fates_.size() && lines.size() < kDeviationsShown; ++i)
    if (std::string text = deviation(i); !text.empty()) lines.push_back(fmt::format("{}: {}", plan_.orders[i].command.order_id(), text));
  return lines;
}

std::string Scoreboard::table() const {
  std::string out =
      fmt::format("{:<30} {:<32} {:>7} {:>7} {:>11}  {}\n", "ORDERS", "MUST END", "PLACED", "ENDED", "AS PLANNED", "FOR INSTANCE");
  const auto by_kind = tally();
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    const Tally& tally = by_kind[kind];
    if (tally.orders == 0) continue;
    out += fmt::format("{:<30} {:<32} {:>7} {:>7} {:>11}  {}\n", kKinds[kind].name, expected_text(kKinds[kind]), tally.orders, tally.ended,
                       tally.as_planned, tally.example);
  }
  const auto lines = deviations();
  if (!lines.empty()) out += "not as planned, the first:\n";
  for (const std::string& line : lines) out += "  " + line + "\n";
  return out;
}

std::string Scoreboard::json() const {
  nlohmann::json kinds = nlohmann::json::array();
  const auto by_kind = tally();
  for (std::size_t kind = 0; kind < kKindCount; ++kind)
    kinds.push_back({{"kind", kKinds[kind].name},
                     {"token", kKinds[kind].token},
                     {"expected", expected_text(kKinds[kind])},
                     {"placed", by_kind[kind].orders},
                     {"ended", by_kind[kind].ended},
                     {"as_planned", by_kind[kind].as_planned},
                     {"example", by_kind[kind].example}});
  return nlohmann::json{{"orders", fates_.size()},    {"ended", ended_}, {"answered", replied_},
                        {"as_planned", as_planned()}, {"kinds", kinds},  {"deviations", deviations()}}
      .dump();
}

}  // namespace ordersaga::demo
