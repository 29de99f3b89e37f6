#include "projections/apply.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "events/codec.h"
#include "events/epochs.h"
#include "events/errors.h"
#include "projections/requests.h"

namespace ordersaga::projections {

namespace {

using namespace park_code;

// A key that becomes parked in this transaction, and so in the standings once it is committed.
struct NewlyParked {
  Shard shard;
  std::size_t projection;
  std::string key;
};

// One transaction's worth of applying.
class Application {
 public:
  Application(const ProjectionSet& projections, const Standings& standings, std::span<const Record* const> records, Timestamp now)
      : projections_(projections), standings_(standings), records_(records), now_(now) {}

  // The checkpoints' moves, and where each shard ends.
  std::vector<Advance> moves() {
    for (const Record* r : records_) ends_[r->shard()] = r->position();
    std::vector<Advance> moves;
    for (std::size_t p = 0; p < projections_.size(); ++p)
      for (const auto& [shard, end] : ends_) {
        const ShardStanding& at = standings_.at(shard);
        Position from = at.by_projection[p].reached;
        if (from < end && !at.by_projection[p].paused)
          moves.push_back({std::string(projections_[p]->name()), shard, at.epoch, from, end, at.by_projection[p].generation});
      }
    return moves;
  }

  // `refusal`: why the store refused this one record; it is parked.
  void run(std::size_t p, ReadTransaction& transaction, Trust trust, const std::string& refusal) {
    Projection& projection = *projections_[p];
    std::vector<RowSet*> sets = projection.row_sets();
    for (RowSet* set : sets) set->begin(trust);
    std::vector<const Record*> due;
    for (const Record* r : records_)
      if (is_due(p, *r)) due.push_back(r);
    for (const Record* r : due)
      if (r->message && refusal.empty() && !is_parked(p, *r)) projection.want(*r);
    for (RowSet* set : sets) set->load(transaction);
    for (const Record* r : due) apply_one(p, *r, refusal);
    for (RowSet* set : sets) set->write(transaction);
  }

  std::vector<Row> parked_rows() const {
    std::vector<Row> rows;
    for (const ParkedMessage& m : parked_) rows.push_back(to_row(m));
    return rows;
  }
  std::size_t parked() const { return parked_.size(); }

  void move_standings(Standings& standings) const {
    for (const auto& [shard, end] : ends_)
      for (Standing& s : standings.at(shard).by_projection)
        if (!s.paused) s.reached = std::max(s.reached, end);
    for (const NewlyParked& n : newly_) standings.at(n.shard).by_projection[n.projection].parked_keys.insert(n.key);
  }

 private:
  bool is_due(std::size_t p, const Record& r) const {
    bool concerned = r.type == nullptr || projections_[p]->concerns(r.type);
    const Standing& at = standings_.at(r.shard()).by_projection[p];
    return concerned && !at.paused && at.reached < r.position();
  }
  bool is_parked(std::size_t p, const Record& r) const {
    const Standing& at = standings_.at(r.shard()).by_projection[p];
    if (at.parked_keys.empty() && newly_keys_.empty()) return false;
    return at.parked_keys.contains(r.key) || newly_keys_.contains({p, r.shard(), r.key});
  }

  void apply_one(std::size_t p, const Record& r, const std::string& refusal) {
    if (is_parked(p, r)) return park(p, r, kBehindParked, "an earlier record of its key is parked");
    if (!r.message) return park(p, r, r.type ? kUnreadablePayload : kUnknownType, r.defect);
    if (!refusal.empty()) return park(p, r, kRefusedByStore, refusal);
    try {
      projections_[p]->apply(r);
    } catch (const BrokenHistory& broken) {
      park(p, r, kBrokenHistory, broken.what());
    }
  }

  void park(std::size_t p, const Record& r, const char* code, const std::string& reason) {
    parked_.push_back({std::string(projections_[p]->name()), r.shard(), r.position(), r.key, r.event.stream, r.event.version, r.type_name(),
                       code, reason, now_});
    newly_.push_back({r.shard(), p, r.key});
    newly_keys_.insert({p, r.shard(), r.key});
  }

  const ProjectionSet& projections_;
  const Standings& standings_;
  std::span<const Record* const> records_;
  Timestamp now_;
  std::map<Shard, Position> ends_;
  std::vector<ParkedMessage> parked_;
  std::vector<NewlyParked> newly_;
  std::set<std::tuple<std::size_t, Shard, std::string>> newly_keys_;
};

// Forgets the projections' rows unless they are settled.
class Forgetting {
 public:
  explicit Forgetting(const ProjectionSet& projections) : projections_(projections) {}
  ~Forgetting() {
    if (!settled_) forget_rows(projections_);
  }
  void settle() {
    for (const auto& projection : projections_)
      for (RowSet* set : projection->row_sets()) set->settle();
    settled_ = true;
  }

 private:
  const ProjectionSet& projections_;
  bool settled_ = false;
};

// What is to be applied, and how.
struct Work {
  std::span<const Record* const> records;
  std::span<const UnreadableMessage> unreadable;
  Trust trust = Trust::fast;
  std::string refusal;
};

Applied apply_once(ReadStore& store, const ProjectionSet& projections, Standings& standings, const Work& work, Timestamp now) {
  Application application(projections, standings, work.records, now);
  Forgetting unless_done(projections);
  auto transaction = store.begin();
  // First of all: the checkpoint's rows hold off others that follow the same shard.
  std::vector<Advance> moves = application.moves();
  if (!moves.empty() && !transaction->advance(moves, now)) return {};
  for (std::size_t p = 0; p < projections.size(); ++p) application.run(p, *transaction, work.trust, work.refusal);
  if (std::vector<Row> parked = application.parked_rows(); !parked.empty()) transaction->append(table_of<ParkedMessage>(), parked);
  std::vector<Row> rows;
  for (const UnreadableMessage& m : work.unreadable) rows.push_back(to_row(m));
  if (!rows.empty()) transaction->append(table_of<UnreadableMessage>(), rows);
  transaction->commit();
  unless_done.settle();
  application.move_standings(standings);
  return {true, application.parked()};
}

Applied apply_isolating(ReadStore& store, const ProjectionSet& projections, Standings& standings, std::span<const Record* const> records,
                        Timestamp now) {
  try {
    return apply_once(store, projections, standings, {records, {}, Trust::careful, {}}, now);
  } catch (const events::BadData& refused) {
    if (records.size() == 1) return apply_once(store, projections, standings, {records, {}, Trust::careful, refused.what()}, now);
  }
  Applied first = apply_isolating(store, projections, standings, records.first(records.size() / 2), now);
  if (!first.committed) return first;
  Applied second = apply_isolating(store, projections, standings, records.subspan(records.size() / 2), now);
  return {second.committed, first.parked + second.parked};
}

}  // namespace

Position ShardStanding::reached() const {
  assert(!by_projection.empty());
  Position least(std::numeric_limits<std::int64_t>::max());
  for (const Standing& s : by_projection)
    if (!s.paused) least = std::min(least, s.reached);
  return least;
}

LogLife life_of(events::EventStore& log) {
  // In this order: an epoch that begins in between is not taken up before its starts are known.
  LogLife life{log.epoch(), {}};
  life.starts = log.epoch_starts();
  return life;
}

Standings open_standings(ReadStore& store, const ProjectionSet& projections, std::span<const Shard> shards, const LogLife& life,
                         Timestamp now) {
  forget_rows(projections);
  std::vector<std::string> names;
  for (const auto& p : projections) names.emplace_back(p->name());
  auto index_of = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  std::vector<Checkpoint> checkpoints = store.open_checkpoints(names, shards, life.epoch, now);
  std::vector<Checkpoint> still_true;
  for (const Checkpoint& c : checkpoints)
    if (c.epoch < life.epoch && !events::is_undone(life.starts, c.shard, c.epoch, c.position)) still_true.push_back(c);
  if (!still_true.empty()) {
    store.carry_over(still_true, life.epoch);
    checkpoints = store.open_checkpoints(names, shards, life.epoch, now);
  }
  Standings standings;
  for (const Checkpoint& c : checkpoints) {
    ShardStanding& shard = standings[c.shard];
    shard.epoch = life.epoch;
    shard.by_projection.resize(names.size());
    Standing& standing = shard.by_projection[index_of(c.projection)];
    standing.reached = c.position;
    standing.generation = c.generation;
    standing.outdated = c.epoch != life.epoch;
  }
  std::vector<Row> keys;
  for (const std::string& name : names)
    for (Shard shard : shards) keys.push_back({to_cell(name), to_cell(shard)});
  auto transaction = store.begin();
  for (const Row& cells : transaction->select(table_of<ParkedMessage>(), keys)) {
    auto message = from_row<ParkedMessage>(cells);
    standings.at(message.shard).by_projection[index_of(message.projection)].parked_keys.insert(message.key);
  }
  std::vector<Row> every_name;
  for (const std::string& name : names) every_name.push_back({to_cell(name)});
  for (const Row& cells : transaction->select(table_of<Pause>(), every_name))
    for (auto& [shard, standing] : standings) standing.by_projection[index_of(from_row<Pause>(cells).projection)].paused = true;
  return standings;
}

std::string outdated_of(const ShardStanding& standing, const ProjectionSet& projections) {
  std::string names;
  for (std::size_t p = 0; p < projections.size(); ++p)
    if (standing.by_projection[p].outdated) names += (names.empty() ? "" : ", ") + std::string(projections[p]->name());
  if (names.empty()) return names;
  return names + ": made of records that are not in the log of epoch " + std::to_string(standing.epoch.value) +
         "; make anew with sagactl projection rebuild";
}

Applied apply_batch(ReadStore& store, const ProjectionSet& projections, Standings& standings, const Batch& batch, Timestamp now) {
  try {
    return apply_once(store, projections, standings, {batch.records, batch.unreadable, Trust::fast, {}}, now);
  } catch (const events::BadData&) {
    if (batch.records.empty()) throw;
  }
  if (Applied unreadable = apply_once(store, projections, standings, {{}, batch.unreadable, Trust::fast, {}}, now); !unreadable.committed)
    return unreadable;
  return apply_isolating(store, projections, standings, batch.records, now);
}

void forget_rows(const ProjectionSet& projections) {
  for (const auto& projection : projections)
    for (RowSet* set : projection->row_sets()) set->forget();
}

bool concerns_any(const ProjectionSet& projections, const google::protobuf::Descriptor* type) {
  return type == nullptr || std::any_of(projections.begin(), projections.end(), [type](const auto& p) { return p->concerns(type); });
}

Record read_for(const ProjectionSet& projections, events::RecordedEvent event, google::protobuf::Arena* arena) {
  Record passing;
  passing.type = events::type_of(event.type);
  if (concerns_any(projections, passing.type)) {
    Record record = from_log(std::move(event));
    decode(record, arena);
    return record;
  }
  passing.event = std::move(event);
  return passing;
}

}  // namespace ordersaga::projections
