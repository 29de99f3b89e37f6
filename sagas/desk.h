// Where a turn's commands are decided and its records are written, one order (or SKU) at a time. Internal to the turn.
#pragma once

#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sagas/engine.h"
#include "sagas/turn.h"

namespace ordersaga::sagas {

class Desk final : public LocalDecider {
 public:
  // All arguments outlive the desk.
  Desk(WorkingSet& known, int shards, const Context& context, TurnResult& result);

  const Context& context() const { return context_; }

  // Puts a command's input record into the log of its key. Returns its index in the result's records.
  std::size_t write_input(std::string_view key, const ordersaga::log::v1::InputRecord& record,
                          const ordersaga::log::v1::RecordMetadata& metadata);

  // Everything until close() is about this order or SKU; all its records get this metadata. Sagas that start remember
  // `origin`. All three outlive the desk.
  void open(std::string_view key, const ordersaga::log::v1::RecordMetadata& metadata, const v1::SagaOrigin& origin);
  // As above for what happens on behalf of a saga, because of `cause`; correlation and trace come from its origin. Throws
  // BrokenInvariant when the saga has not begun.
  void open_for_saga(std::string_view order_id, int definition, const ordersaga::log::v1::SagaCause& cause);
  void close();

  std::optional<aggregates::Rejection> decide(std::span<const Message* const> commands) override;
  // Gives the sagas what has happened, until none has anything more to do.
  void settle();
  // Stimulates one saga. False: it did not move.
  bool advance(int definition, const Stimulus& stimulus);

  // Says in an accepted command's record which stream it led to.
  void name_result(ordersaga::log::v1::InputRecord& record) const;
  void note_wakeup(int definition);
  // Hands out what the saga has outstanding, unchanged.
  void send_again(int definition);

 private:
  struct Decided;
  using EventType = const google::protobuf::Descriptor*;

  Decided decide_one(const Message& command, std::optional<aggregates::Rejection>& no);
  void apply(const Decided& decided);
  template <class State, class Event>
  void apply_events(const StreamName& stream, Versioned<State>& target, const aggregates::Events<Event>& events);
  void write(const StreamName& stream, Version version, const Message& payload);
  void change_levels(const Message& event);
  void start_sagas(EventType event);
  void begin_record(int definition, SagaState& saga, v1::SagaAdvanced& record) const;
  StreamName stream(StreamKind kind, int number = 0) const { return {.kind = kind, .key = key_, .number = number, .definition = {}}; }
  StreamName saga_stream_of(int definition) const;

  WorkingSet& known_;
  const int shards_;
  const Context& context_;
  TurnResult& result_;

  // What is open.
  std::string_view key_;
  Shard shard_;
  OrderCase* case_ = nullptr;
  const ordersaga::log::v1::RecordMetadata* metadata_ = nullptr;
  const v1::SagaOrigin* origin_ = nullptr;
  std::vector<EventType> happened_;  // from next_ on: not given to the sagas yet
  std::size_t next_ = 0;

  // Places in the result of what is written once a turn. Only looked into: their order decides nothing.
  struct LevelHash {
    std::size_t operator()(const std::pair<std::string_view, std::string_view>& level) const noexcept {
      return aggregates::TextHash{}(level.first) * 31 + aggregates::TextHash{}(level.second);
    }
  };
  std::pmr::monotonic_buffer_resource memory_;
  std::pmr::unordered_map<const SagaState*, std::size_t> wakeup_index_;
  std::pmr::unordered_map<std::pair<std::string_view, std::string_view>, std::size_t, LevelHash> stock_index_;
};

}  // namespace ordersaga::sagas
