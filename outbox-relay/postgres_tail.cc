#include "outbox-relay/postgres_tail.h"

#include "events/postgres_errors.h"

namespace ordersaga::relay {

using namespace runtime::postgres;

namespace {

// $5 is kRecordOverhead. The lateral join keeps the order of the parts, and each part has its index's: a sort of what is
// sorted would cost more than all the rest.
constexpr Statement kTail = {"relay_tail",
                             "SELECT r.shard, r.position, r.stream, r.version, r.type, r.payload, r.metadata, r.recorded_at "
                             "FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS w (shard, position, records) "
                             "CROSS JOIN LATERAL (SELECT e.*, sum(octet_length(e.payload) + octet_length(e.metadata) + $5::integer) "
                             "                                  OVER (ORDER BY e.position ROWS UNBOUNDED PRECEDING) AS bytes "
                             "                    FROM (SELECT * FROM log.events AS e WHERE e.shard = w.shard AND e.position > w.position "
                             "                          ORDER BY e.position LIMIT w.records) AS e) AS r "
                             "WHERE r.bytes <= $4::bigint"};

// Into strings that keep their memory from answer to answer.
void assign(events::RecordedEvent& record, const BinaryRows& rows, std::size_t row) {
  record.shard = Shard(rows.int16(row, 0));
  record.position = Position(rows.int64(row, 1));
  const bool in_stream = !rows.is_null(row, 2);
  record.stream.assign(in_stream ? rows.bytes(row, 2) : std::string_view());
  record.version = Version(in_stream ? rows.int32(row, 3) : 0);
  record.type = events::TypeNumber(rows.int16(row, 4));
  record.payload.assign(rows.bytes(row, 5));
  record.metadata.assign(rows.bytes(row, 6));
  record.recorded_at = rows.time(row, 7);
}

}  // namespace

void PostgresTail::ask(const TailQuestion& question) {
  Array shards = Array::of_smallint(question.parts.size());
  Array positions = Array::of_bigint(question.parts.size());
  Array records = Array::of_bigint(question.parts.size());
  for (const TailQuestion::Part& part : question.parts) {
    shards.add(part.shard.value);
    positions.add(part.after.value);
    records.add(static_cast<std::int64_t>(part.records));
  }
  events::as_store_errors([&] {
    if (session_ == nullptr || !session_->is_open()) {
      session_.reset();
      session_ = std::make_unique<BinarySession>(target_);
    }
    session_->send(kTail, Parameters()
                              .add(std::move(shards))
                              .add(std::move(positions))
                              .add(std::move(records))
                              .add(static_cast<std::int64_t>(question.bytes_each))
                              .add(static_cast<std::int32_t>(kRecordOverhead)));
  });
}

TailAnswer PostgresTail::take(std::vector<events::RecordedEvent>& out) {
  events::as_store_errors([&] {
    const BinaryRows rows = session_->receive();
    out.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) assign(out[i], rows, i);
  });
  return {.untold = out.size()};
}

}  // namespace ordersaga::relay
