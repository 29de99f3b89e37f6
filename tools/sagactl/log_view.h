// Records of the log and messages of the events topic, as sagactl shows them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/recorded_event.h"
#include "runtime/kafka/bus.h"
#include "tools/sagactl/output.h"
#include "tools/sagactl/timeline.h"

namespace ordersaga::sagactl {

const std::vector<Field>& event_fields();
// The payload as JSON; a payload that cannot be read is an object with an "unreadable" field that says why.
Json to_row(const events::RecordedEvent& record);
Json to_row(const runtime::kafka::ConsumedMessage& message);
// Whether a type is meant by what was typed: its full name, its last part, or either with * at the end.
bool is_type(std::string_view pattern, std::string_view full_name);

// A saga's records among `records`. Throws Failure for one that cannot be read.
std::vector<SagaRecord> saga_records(const std::vector<events::RecordedEvent>& records);
// Folds an order's records, of any of its streams.
void add_facts(OrderFacts& facts, const events::RecordedEvent& record);

}  // namespace ordersaga::sagactl
