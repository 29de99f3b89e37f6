// The log's tail in Postgres.
#pragma once

#include <memory>
#include <string>

#include "outbox-relay/log_tail.h"
#include "runtime/postgres/binary_session.h"

namespace ordersaga::relay {

// One session, made at the first question and anew after it was lost; a call never retries by itself.
class PostgresTail final : public LogTail {
 public:
  // `target` is what libpq takes; the role is ordersaga_relay.
  explicit PostgresTail(std::string target) : target_(std::move(target)) {}
  void ask(const TailQuestion& question) override;
  bool awaits() const override { return session_ != nullptr && session_->awaits(); }
  TailAnswer take(std::vector<events::RecordedEvent>& out) override;

 private:
  std::string target_;
  std::unique_ptr<runtime::postgres::BinarySession> session_;
};

}  // namespace ordersaga::relay
