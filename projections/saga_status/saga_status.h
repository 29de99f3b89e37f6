// Sagas as operators see them: where each is. Its timeline is its stream in the log. Knows the records of sagas, not their
// definitions.
#pragma once

#include <optional>

#include "ordersaga/saga/v1/saga.pb.h"
#include "projections/projection.h"

namespace ordersaga::projections::saga_status {

namespace saga = ordersaga::saga::v1;

// Columns are explained in schemas/sql/V136.
struct Saga {
  static constexpr std::string_view kTable = "saga_status";
  static constexpr std::size_t kKeyColumns = 2;
  static constexpr std::size_t kFixedColumns = 6;

  std::string order_id;
  std::string type;
  Shard shard;
  Timestamp started_at;
  std::string correlation_id;
  std::string traceparent;

  Version version;
  std::int64_t definition_version = 0;
  std::int64_t step_index = 0;
  std::int64_t attempts = 0;
  bool pivot_passed = false;
  Timestamp updated_at;
  std::optional<Timestamp> ended_at;
  std::optional<Timestamp> next_wakeup_at;
  Position position;
  std::string state;
  std::string current_step;
  std::string code;
  std::string message;

  std::string stream() const { return "saga-" + type + "-" + order_id; }

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("order_id", row.order_id);
    column("type", row.type);
    column("shard", row.shard);
    column("started_at", row.started_at);
    column("correlation_id", row.correlation_id);
    column("traceparent", row.traceparent);

    column("version", row.version);
    column("definition_version", row.definition_version);
    column("step_index", row.step_index);
    column("attempts", row.attempts);
    column("pivot_passed", row.pivot_passed);
    column("updated_at", row.updated_at);
    column("ended_at", row.ended_at);
    column("next_wakeup_at", row.next_wakeup_at);
    column("position", row.position);
    column("state", row.state);
    column("current_step", row.current_step);
    column("code", row.code);
    column("message", row.message);
  }
};

class SagaStatus final : public Projection {
 public:
  std::string_view name() const override { return "saga_status"; }
  bool concerns(const google::protobuf::Descriptor* type) const override { return Events::contains(type); }
  std::vector<RowSet*> row_sets() override { return {&sagas_}; }
  void want(const Record& record) override;
  void apply(const Record& record) override { Events::dispatch(*this, record); }

 private:
  using Events = Knows<saga::SagaAdvanced>;
  friend Events;

  void on(const Record& r, const saga::SagaAdvanced& e);

  WorkingRows<Saga> sagas_;
};

}  // namespace ordersaga::projections::saga_status
