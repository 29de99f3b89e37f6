#include "events/upcasters.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ordersaga/order/v1/events.pb.h"

namespace ordersaga::events {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

// Lifts from version `from` to `from` + 1.
struct Upcaster {
  const Descriptor* type;
  std::uint32_t from;
  void (*lift)(Message&);
};

// Version 1 had one text, "<CODE>: <reason>", in the field that is now the code alone. No code contains ": ".
template <class M>
void split_code_and_reason(Message& message) {
  M& event = static_cast<M&>(message);
  if (!event.reason().empty()) return;
  std::string both = event.code();
  std::size_t colon = both.find(": ");
  if (colon == std::string::npos) return;
  event.set_code(both.substr(0, colon));
  event.set_reason(both.substr(colon + 2));
}

const std::vector<Upcaster>& table() {
  static const std::vector<Upcaster> upcasters = {
      {order::v1::OrderRejected::descriptor(), 1, split_code_and_reason<order::v1::OrderRejected>},
      {order::v1::OrderCancelled::descriptor(), 1, split_code_and_reason<order::v1::OrderCancelled>},
  };
  return upcasters;
}

}  // namespace

std::uint32_t latest_schema_version(const Descriptor* descriptor) {
  std::uint32_t latest = 1;
  for (const Upcaster& u : table())
    if (u.type == descriptor) latest = std::max(latest, u.from + 1);
  return latest;
}

void upcast(Message& message, std::uint32_t schema_version) {
  for (const Upcaster& u : table()) {
    if (u.type != message.GetDescriptor() || u.from != schema_version) continue;
    u.lift(message);
    ++schema_version;
  }
}

}  // namespace ordersaga::events
