// sagactl doctor: is everything there that the system needs, and is it in time?
#include <fmt/format.h>

#include <cstdlib>
#include <functional>

#include "events/schema.h"
#include "outbox-relay/topics.h"
#include "runtime/kafka/kafka_admin.h"
#include "tools/sagactl/command.h"
#include "tools/sagactl/http_get.h"

namespace ordersaga::sagactl {

namespace kafka = runtime::kafka;

namespace {

using runtime::postgres::Statement;

constexpr Statement kServer{"doctor_server",
                            "SELECT current_setting('server_version'), current_user,"
                            " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"};
constexpr Statement kHeads{
    "doctor_heads",
    "SELECT count(*), coalesce(sum(h.position), 0)::bigint, coalesce(sum(greatest(h.position - coalesce(c.position, 0), 0)), 0)::bigint"
    " FROM log.installation i"
    " CROSS JOIN LATERAL generate_series(0, i.shards - 1) AS s(shard)"
    " CROSS JOIN LATERAL (SELECT coalesce((SELECT e.position FROM log.events e WHERE e.shard = s.shard::smallint"
    "  ORDER BY e.position DESC LIMIT 1), 0) AS position) h"
    " LEFT JOIN log.relay_cursors c ON c.shard = s.shard AND c.epoch = i.epoch"};
constexpr Statement kProjections{
    "doctor_projections",
    "SELECT p.projection, coalesce(sum(greatest(h.position - p.position, 0)), 0)::bigint"
    " FROM read.projection_checkpoint p CROSS JOIN LATERAL (SELECT coalesce((SELECT e.position FROM log.events e"
    "  WHERE e.shard = p.shard ORDER BY e.position DESC LIMIT 1), 0) AS position) h"
    " WHERE p.projection NOT LIKE '%\\_\\_next' GROUP BY 1 ORDER BY 1"};
constexpr Statement kParked{"doctor_parked", "SELECT count(*) FROM read.parked_messages"};
constexpr Statement kStuck{"doctor_stuck", "SELECT count(*) FROM read.saga_status WHERE stuck"};
constexpr Statement kOverdue{"doctor_overdue", "SELECT count(*) FROM log.wakeups WHERE due_at < clock_timestamp() - interval '60 seconds'"};

// Timers stop when the clocks differ by more than this.
constexpr std::int64_t kMaxSkewMicros = 60'000'000;
constexpr std::int64_t kMuchLag = 10'000;

class Findings {
 public:
  void ok(const std::string& check, const std::string& detail) { add(check, "ok", detail, ""); }
  void warn(const std::string& check, const std::string& detail, const std::string& next) { add(check, "warning", detail, next); }
  void fail(const std::string& check, const std::string& detail, const std::string& next) {
    add(check, "failed", detail, next);
    failed_ = true;
  }
  // Runs a check; what it throws is what it found.
  void check(const std::string& name, const std::function<void()>& run) {
    try {
      run();
    } catch (const Failure& failure) {
      if (failure.code == ExitCode::interrupted) throw;
      fail(name, failure.what(), failure.next);
    } catch (const kafka::KafkaError& error) {
      fail(name, error.what(), "check --brokers or ORDERSAGA_BROKERS");
    }
  }
  bool failed() const { return failed_; }
  std::vector<Json>& rows() { return rows_; }

 private:
  void add(const std::string& check, const std::string& state, const std::string& detail, const std::string& next) {
    rows_.push_back({{"check", check}, {"state", state}, {"detail", detail}, {"next", next}});
  }
  std::vector<Json> rows_;
  bool failed_ = false;
};

void check_database(Context& context, Findings& findings) {
  Database::Rows server = context.database().query(kServer);
  findings.ok("database", fmt::format("Postgres {}, as {}", server.text(0, 0), server.text(0, 1)));
  std::int64_t skew = std::abs(server.integer(0, 2) - context.now().time_since_epoch().count());
  std::string text = fmt::format("{} apart from this machine's", short_duration(Duration(skew)));
  if (skew > kMaxSkewMicros)
    findings.fail("clock", text, "set both clocks: timers stop when database and daemons are more than 60 s apart");
  else
    findings.ok("clock", text);
}

void check_schema(Context& context, Findings& findings) {
  events::Installation installation = context.database().installation();
  findings.ok("schema", fmt::format("up to date, {} shards, epoch {}", installation.shards, installation.epoch));
}

void check_lag(Context& context, Findings& findings) {
  Database::Rows heads = context.database().query(kHeads);
  std::int64_t lag = heads.integer(0, 2);
  std::string text = fmt::format("{} of {} records are not on Kafka yet", lag, heads.integer(0, 1));
  if (lag > kMuchLag)
    findings.warn("relay", text, "is a relay running? ordersagad --role relay");
  else
    findings.ok("relay", text);
  Database::Rows rows = context.database().query(kProjections);
  if (rows.empty()) findings.warn("projections", "none has ever run", "ordersagad --role projector");
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string detail = fmt::format("{} records behind the log", rows.integer(r, 1));
    if (rows.integer(r, 1) > kMuchLag)
      findings.warn(std::string(rows.text(r, 0)), detail, "is a projector running? ordersagad --role projector");
    else
      findings.ok(std::string(rows.text(r, 0)), detail);
  }
}

void check_trouble(Context& context, Findings& findings) {
  struct Count {
    const char* check;
    const Statement& statement;
    const char* what;
    const char* next;
  };
  for (const Count& c :
       {Count{"parked", kParked, "messages that a projection could not apply", "sagactl dlq groups"},
        Count{"stuck sagas", kStuck, "sagas wait for an operator", "sagactl saga list --status stuck"},
        Count{"timers", kOverdue, "wake-ups are more than 60 s late", "is an orchestrator running? ordersagad --role orchestrator"}}) {
    std::int64_t count = context.database().query(c.statement).integer(0, 0);
    std::string detail = fmt::format("{} {}", count, c.what);
    if (count > 0)
      findings.warn(c.check, detail, c.next);
    else
      findings.ok(c.check, detail);
  }
}

void check_kafka(Context& context, Findings& findings, int shards) {
  kafka::KafkaAdmin admin(context.kafka(), std::max(context.time_left(), std::chrono::milliseconds(1'000)));
  std::map<std::string, int> counts = admin.partition_counts();
  findings.ok("kafka", fmt::format("{}, cluster {}", context.settings.brokers, admin.cluster_id()));
  for (const relay::Topic& topic : relay::standing_topics()) {
    auto found = counts.find(std::string(topic.name));
    if (found == counts.end())
      findings.fail(std::string(topic.name), "does not exist", "sagactl topic create");
    else if (shards > 0 && found->second != shards)
      findings.fail(std::string(topic.name), fmt::format("has {} partitions, and the log {} shards", found->second, shards),
                    "delete the topic when nobody needs it, then: sagactl topic create");
    else
      findings.ok(std::string(topic.name), fmt::format("{} partitions", found->second));
  }
}

void check_service(Context& context, Findings& findings, const std::string& name, const std::string& url) {
  if (url.empty()) return;
  http_get_json(context, url, "/health");
  findings.ok(name, url);
}

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_doctor(Context& context, const NoArgs&) {
  Findings findings;
  int shards = 0;
  findings.check("database", [&] { check_database(context, findings); });
  if (!findings.failed()) {
    findings.check("schema", [&] {
      check_schema(context, findings);
      shards = context.database().installation().shards;
      check_lag(context, findings);
      check_trouble(context, findings);
    });
  }
  findings.check("kafka", [&] { check_kafka(context, findings, shards); });
  findings.check("gateway", [&] { check_service(context, findings, "gateway", context.settings.gateway_url); });
  findings.check("carrier", [&] { check_service(context, findings, "carrier", context.settings.carrier_url); });
  Listing listing{
      "checks", {{"check", "CHECK"}, {"state", "STATE", Kind::state}, {"detail", "DETAIL"}, {"next", "NEXT"}}, findings.rows(), {}};
  context.print(listing);
  return findings.failed() ? ExitCode::findings : ExitCode::ok;
}

}  // namespace

void add_doctor(CLI::App& app, Action& chosen) {
  add_verb<NoArgs>(app, chosen, "doctor", "is everything there and in time? exit 8 when not", declare_nothing, run_doctor);
}

}  // namespace ordersaga::sagactl
