#include "outbox-relay/recent_tail.h"

#include <algorithm>
#include <utility>

namespace ordersaga::relay {

using events::RecentRecords;
using events::RecordedEvent;

RecentTail::~RecentTail() {
  for (const auto& [shard, given_at] : followed_) recent_.leave(shard);
}

void RecentTail::follow(Shard shard) {
  followed_[shard] = clock_.steady() - kTrust;
  recent_.follow(shard);
}

void RecentTail::leave(Shard shard) {
  if (followed_.erase(shard) > 0) recent_.leave(shard);
}

bool RecentTail::asks_store(RecentRecords::Above above, const TailQuestion::Part& part) const {
  switch (above) {
    case RecentRecords::Above::given:
    case RecentRecords::Above::cut:
      return false;
    case RecentRecords::Above::missing:
      return true;
    case RecentRecords::Above::nothing:
      return part.look && clock_.steady() - followed_.at(part.shard) >= kTrust;
    case RecentRecords::Above::unknown:
      break;
  }
  return part.look || part.more;
}

void RecentTail::ask(const TailQuestion& question) {
  answer_ = TailAnswer();
  parts_.clear();
  untold_.clear();
  from_memory_.clear();
  rest_ = {{}, question.bytes_each, question.epoch};
  for (const TailQuestion::Part& part : question.parts) {
    const RecentRecords::Above above =
        recent_.take({part.shard, question.epoch, part.after, part.records, question.bytes_each, kRecordOverhead}, from_memory_);
    parts_.push_back(part.shard);
    if (above == RecentRecords::Above::unknown) untold_.push_back(part.shard);
    if (above == RecentRecords::Above::given || above == RecentRecords::Above::cut) followed_.at(part.shard) = clock_.steady();
    if (asks_store(above, part)) rest_.parts.push_back(part);
    answer_.looked = answer_.looked && part.look;
    answer_.more = answer_.more || above == RecentRecords::Above::cut;
  }
  answer_.from_memory = from_memory_.size();
  if (!rest_.parts.empty()) store_.ask(rest_);
  awaits_ = true;
}

TailAnswer RecentTail::take(std::vector<RecordedEvent>& out) {
  awaits_ = false;
  if (rest_.parts.empty()) {
    out.clear();
    std::swap(out, from_memory_);
    return answer_;
  }
  store_.take(from_store_);
  for (const RecordedEvent& record : from_store_)
    if (std::find(untold_.begin(), untold_.end(), record.shard) != untold_.end()) ++answer_.untold;
  if (from_memory_.empty())
    std::swap(out, from_store_);  // and not moved: the store's tail uses the memory of its records again
  else
    put_together(out);
  return answer_;
}

void RecentTail::put_together(std::vector<RecordedEvent>& out) {
  out.clear();
  auto memory = from_memory_.begin();
  auto store = from_store_.begin();
  const auto move_all_of = [&out](Shard shard, auto& from, auto end) {
    for (; from != end && from->shard == shard; ++from) out.push_back(std::move(*from));
  };
  for (const Shard shard : parts_) {
    move_all_of(shard, memory, from_memory_.end());
    move_all_of(shard, store, from_store_.end());
  }
}

}  // namespace ordersaga::relay
