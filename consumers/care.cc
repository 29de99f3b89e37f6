#include "consumers/care.h"

#include <algorithm>

#include "runtime/log.h"

namespace ordersaga::consumers {
namespace {

namespace log = runtime::log;

constexpr int kMaxInputs = 1 << 16;

std::vector<Shard> listed(const std::set<Shard>& shards) {
  return {shards.begin(), shards.end()};
}

}  // namespace

void Care::take(Shard shard) {
  to_give_back_.erase(shard);
  if (!held_.contains(shard)) to_take_.insert(shard);
}

void Care::give_back(Shard shard) {
  left_.erase(shard);
  settles_.erase(shard);
  if (to_take_.erase(shard) == 0) to_give_back_.insert(shard);
}

void Care::tell(Duration now) {
  if (!to_give_back_.empty()) {
    store_.release_custody(listed(to_give_back_), settings_.owner);
    for (Shard shard : to_give_back_) held_.erase(shard);
    to_give_back_.clear();
  }
  if (!to_take_.empty()) {
    for (const events::Custody& taken : store_.take_custody(listed(to_take_), settings_.owner)) {
      held_.insert(taken.shard);
      if (taken.unclean_exits == 0) continue;
      int inputs = settings_.first_inputs;
      for (int i = 1; i < taken.unclean_exits && inputs < kMaxInputs; ++i) inputs *= 8;
      left_[taken.shard] = inputs;
      settles_[taken.shard] = now + settings_.settled_after;
      log::warn("a shard's last owner did not give it back: its first inputs are decided one by one",
                {{"shard", taken.shard.value}, {"unclean_exits", taken.unclean_exits}, {"inputs", inputs}});
    }
    to_take_.clear();
  }
  while (!to_clear_.empty()) {
    store_.clear_attempt(to_clear_.back().first, to_clear_.back().second);
    to_clear_.pop_back();
  }
  std::vector<Shard> settled;
  for (const auto& [shard, at] : settles_)
    if (at <= now) settled.push_back(shard);
  if (settled.empty()) return;
  store_.settle_custody(settled, settings_.owner);
  for (Shard shard : settled) settles_.erase(shard);
}

void Care::give_all_back() {
  for (Shard shard : std::set<Shard>(held_)) give_back(shard);
  to_take_.clear();
  tell({});
}

bool Care::is_careful(Shard shard) const {
  return left_.contains(shard);
}

bool Care::begin(Shard shard, const std::string& input) {
  Noted noted(shard, input);
  if (begun_ == noted) return begun_may_go_on_;
  begun_.reset();
  begun_may_go_on_ = store_.note_attempt(shard, input) <= settings_.max_attempts;
  begun_ = std::move(noted);
  return begun_may_go_on_;
}

void Care::done() {
  if (!begun_) return;
  auto left = left_.find(begun_->first);
  if (left != left_.end() && --left->second <= 0) left_.erase(left);
  to_clear_.push_back(std::move(*begun_));
  begun_.reset();
}

}  // namespace ordersaga::consumers
