#include "projections/redrive.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "events/errors.h"
#include "projections/working_rows.h"

namespace ordersaga::projections {

namespace {

// In one transaction; a key with more takes several.
constexpr std::size_t kMost = 1'000;

// One transaction of a redrive.
class Redrive {
 public:
  Redrive(ReadStore& store, events::EventStore& log, const ProjectionSet& projections, std::size_t index, Standings& standings,
          const Request& request, Timestamp now)
      : store_(store),
        log_(log),
        projection_(*projections[index]),
        only_(projections),
        shard_(standings.at(request.shard)),
        standing_(shard_.by_projection[index]),
        request_(request),
        now_(now) {}

  // Applies at most `limit` records; `refusal`: why the store refuses the first, which stays parked for that.
  Redriven run(std::size_t limit, const std::string& refusal) {
    auto transaction = store_.begin();
    Advance here{std::string(projection_.name()), request_.shard, shard_.epoch, standing_.reached, standing_.reached, standing_.generation};
    if (!transaction->advance({&here, 1}, now_)) return {};
    std::vector<ParkedMessage> waiting = parked(*transaction);
    const std::size_t all = waiting.size();

    std::size_t dropped = request_.action == kRetry ? 0 : request_.action == kDiscard ? std::min<std::size_t>(1, all) : all;
    std::vector<Row> gone;
    for (std::size_t i = 0; i < dropped; ++i) gone.push_back(key_of(waiting[i]));
    std::vector<const ParkedMessage*> rest;
    for (std::size_t i = dropped; i < std::min(all, dropped + limit); ++i) rest.push_back(&waiting[i]);
    std::optional<ParkedMessage> stopped_at;
    std::size_t applied = apply(rest, *transaction, refusal, stopped_at);
    for (std::size_t i = 0; i < applied; ++i) gone.push_back(key_of(*rest[i]));

    Redriven result;
    result.finished = stopped_at || dropped + applied == all || request_.action == kDiscard;
    result.done = {request_,
                   now_,
                   static_cast<std::int64_t>(applied),
                   static_cast<std::int64_t>(dropped),
                   static_cast<std::int64_t>(all - dropped - applied),
                   stopped_at                                   ? stopped_at->code + ": " + stopped_at->reason
                   : dropped + applied < all && result.finished ? "the rest was not tried: retry it"
                                                                : ""};
    if (stopped_at) gone.push_back(key_of(*stopped_at));
    if (!gone.empty()) transaction->erase(table_of<ParkedMessage>(), gone);
    if (stopped_at) append(*transaction, *stopped_at);
    if (result.finished) {
      std::vector<Row> asked{{to_cell(request_.shard), to_cell(request_.id)}};
      transaction->erase(table_of<Request>(), asked);
      append(*transaction, result.done);
    }
    transaction->commit();
    for (RowSet* set : projection_.row_sets()) set->settle();
    if (result.done.remaining == 0) standing_.parked_keys.erase(request_.key);
    result.committed = true;
    return result;
  }

 private:
  static Row key_of(const ParkedMessage& m) { return {to_cell(m.projection), to_cell(m.shard), to_cell(m.position)}; }
  template <class R>
  static void append(ReadTransaction& transaction, const R& row) {
    std::vector<Row> rows{to_row(row)};
    transaction.append(table_of<R>(), rows);
  }

  std::vector<ParkedMessage> parked(ReadTransaction& transaction) const {
    std::vector<Row> where{{to_cell(request_.projection), to_cell(request_.shard)}};
    std::vector<ParkedMessage> all;
    for (const Row& cells : transaction.select(table_of<ParkedMessage>(), where))
      if (auto m = from_row<ParkedMessage>(cells); m.key == request_.key) all.push_back(std::move(m));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
    return all;
  }

  // Gives how many were applied; `stopped_at`: the one that was not, with its new reason.
  std::size_t apply(const std::vector<const ParkedMessage*>& rest, ReadTransaction& transaction, const std::string& refusal,
                    std::optional<ParkedMessage>& stopped_at) {
    for (RowSet* set : projection_.row_sets()) set->begin(Trust::careful);
    google::protobuf::Arena arena;
    std::deque<Record> records;
    for (const ParkedMessage* m : rest) {
      events::ShardPosition before{m->shard, Position(m->position.value - 1)};
      for (events::RecordedEvent& event : log_.read_shards({&before, 1}, 1))
        if (event.position == m->position) records.push_back(read_for(only_, std::move(event), &arena));
    }
    for (const Record& r : records)
      if (r.message) projection_.want(r);
    for (RowSet* set : projection_.row_sets()) set->load(transaction);
    std::size_t applied = 0;
    for (const ParkedMessage* m : rest) {
      auto stop = [&](const char* code, const std::string& reason) {
        stopped_at = *m;
        stopped_at->code = code;
        stopped_at->reason = reason;
      };
      if (applied >= records.size() || records[applied].position() != m->position) {
        stop(park_code::kNotInLog, "the log has no such record");
        break;
      }
      const Record& r = records[applied];
      if (!r.message) {
        stop(r.type ? park_code::kUnreadablePayload : park_code::kUnknownType, r.defect);
        break;
      }
      if (!refusal.empty()) {
        stop(park_code::kRefusedByStore, refusal);
        break;
      }
      try {
        projection_.apply(r);
      } catch (const BrokenHistory& broken) {
        stop(park_code::kBrokenHistory, broken.what());
        break;
      }
      ++applied;
    }
    for (RowSet* set : projection_.row_sets()) set->write(transaction);
    return applied;
  }

  ReadStore& store_;
  events::EventStore& log_;
  Projection& projection_;
  const ProjectionSet& only_;
  ShardStanding& shard_;
  Standing& standing_;
  const Request& request_;
  Timestamp now_;
};

}  // namespace

Redriven redrive(ReadStore& store, events::EventStore& log, const ProjectionSet& projections, Standings& standings, const Request& request,
                 Timestamp now) {
  auto found = std::find_if(projections.begin(), projections.end(), [&](const auto& p) { return p->name() == request.projection; });
  if (found == projections.end()) throw std::logic_error("a redrive of a projection that is not this program's");
  auto index = static_cast<std::size_t>(found - projections.begin());
  Redrive one(store, log, projections, index, standings, request, now);
  auto attempt = [&](std::size_t limit, const std::string& refusal) {
    try {
      return one.run(limit, refusal);
    } catch (...) {
      forget_rows(projections);
      throw;
    }
  };
  try {
    return attempt(kMost, {});
  } catch (const events::BadData&) {
  }
  // One of them is refused: the first alone, and if it is that one, it stays.
  try {
    return attempt(1, {});
  } catch (const events::BadData& refused) {
    return attempt(1, refused.what());
  }
}

}  // namespace ordersaga::projections
