// A checker: one invariant, in one file, fed with one pass over the log.
//
// It sees each shard's records in position order between begin(shard) and end(shard); shards follow one another. It
// keeps what it needs of one shard at a time, because an order never leaves its shard; what spans shards (stock) is
// judged in finish(). Checkers fold the log by themselves: a mistake of an aggregate must not hide itself.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "ordersaga/log/v1/record.pb.h"
#include "tools/verify/evidence.h"
#include "tools/verify/findings.h"

namespace ordersaga::verify {

enum class StreamKind : std::uint8_t { none, order, reservation, payment, shipment, saga, stock };

// What a stream's name says. Views into the name.
struct Stream {
  StreamKind kind = StreamKind::none;
  std::string_view key;      // order id or SKU
  std::string_view subject;  // payment and shipment id: <order id>.<n>; definition of a saga
};
// kind none for the empty name and for a name of no known form.
Stream parse_stream(std::string_view name);

// A record, decoded. The message is null when its type is unknown or its bytes are not of its type.
struct LogEntry {
  const events::RecordedEvent& record;
  const google::protobuf::Message* message = nullptr;
  log::v1::RecordMetadata metadata;
  Stream stream;

  // "3/1207": shard and position.
  std::string place() const;
  // The command, call or timer that led to it, as its metadata say.
  std::string cause() const;
  template <class M>
  const M* as() const {
    return message != nullptr && message->GetDescriptor() == M::descriptor() ? static_cast<const M*>(message) : nullptr;
  }
};

class Checker {
 public:
  virtual ~Checker() = default;
  virtual void begin(const ShardSnapshot&) {}
  virtual void see(const LogEntry& entry) = 0;
  virtual void end(const ShardSnapshot&) {}
  virtual void finish() {}
};

}  // namespace ordersaga::verify
