// The ledgers of the payment gateway and the carrier, read over HTTP as our simulators give them.
#pragma once

#include <string>
#include <vector>

#include "tools/sagactl/context.h"
#include "tools/verify/evidence.h"

namespace ordersaga::sagactl {

// Whether the participant at `url` shows a ledger: a real one has none. Throws Failure{unreachable}.
bool has_ledger(Context& context, const std::string& url);

// Both read GET <url>/v1/ledger page by page, and throw Failure: unreachable, or failed when it makes no sense.
class LiveGateway final : public verify::GatewaySource {
 public:
  explicit LiveGateway(Context& context) : context_(context) {}
  std::vector<verify::GatewayEntry> ledger() override;

 private:
  Context& context_;
};

class LiveCarrier final : public verify::CarrierSource {
 public:
  explicit LiveCarrier(Context& context) : context_(context) {}
  std::vector<verify::CarrierEntry> carrier_ledger() override;

 private:
  Context& context_;
};

}  // namespace ordersaga::sagactl
