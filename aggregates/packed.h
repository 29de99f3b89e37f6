// A message that a state holds for long and reads rarely, as its bytes: one allocation instead of one a field.
#pragma once

#include <stdexcept>
#include <string>

namespace ordersaga::aggregates {

template <class M>
class Packed {
 public:
  // The empty message.
  Packed() = default;
  explicit Packed(const M& message) : bytes_(message.SerializeAsString()) {}

  void unpack(M& into) const {
    if (!into.ParseFromString(bytes_)) throw std::logic_error("packed bytes are no message any more");
  }
  bool empty() const { return bytes_.empty(); }
  std::size_t bytes() const { return bytes_.capacity(); }
  // Of the same content; Protobuf writes a message without maps in one way only, within one program.
  bool operator==(const Packed&) const = default;

 private:
  std::string bytes_;
};

}  // namespace ordersaga::aggregates
