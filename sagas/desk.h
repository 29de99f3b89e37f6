// Where a turn's commands are decided and its records are written, one order (or SKU) at a time. Internal to the turn.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

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

  // Everything until close() is about this order or SKU; all its records get this metadata. Sagas that start remember `origin`.
  void open(std::string_view key, ordersaga::log::v1::RecordMetadata& metadata, const v1::SagaOrigin& origin);
  // As above for what happens on behalf of a saga; the metadata come from its origin. Throws BrokenInvariant when the saga
  // has not begun.
  void open_for_saga(std::string order_id, int definition, std::string cause);
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
  Decided decide_one(const Message& command, std::optional<aggregates::Rejection>& no);
  void apply(const Decided& decided);
  void write(std::string stream, Version version, const Message& payload);
  void change_levels(const Message& event);
  void start_sagas(const google::protobuf::Descriptor* event);

  WorkingSet& known_;
  const int shards_;
  const Context& context_;
  TurnResult& result_;

  // What is open.
  std::string key_;
  Shard shard_;
  OrderCase* case_ = nullptr;
  ordersaga::log::v1::RecordMetadata* metadata_ = nullptr;
  v1::SagaOrigin origin_;
  std::deque<const google::protobuf::Descriptor*> happened_;

  std::unordered_map<std::string, std::size_t> wakeup_index_;
  std::unordered_map<std::string, std::size_t> stock_index_;
};

}  // namespace ordersaga::sagas
