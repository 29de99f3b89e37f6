#include "consumers/dead_letter.h"

#include <google/protobuf/util/time_util.h>

#include "schemas/headers.h"

namespace ordersaga::consumers {

runtime::kafka::OutgoingMessage dead_letter(const runtime::kafka::ConsumedMessage& message, std::string_view code, std::string_view reason,
                                            runtime::WallTime now) {
  using google::protobuf::util::TimeUtil;
  std::string time = TimeUtil::ToString(TimeUtil::MicrosecondsToTimestamp(now.time_since_epoch().count()));
  runtime::kafka::OutgoingMessage out{.topic = std::string(topics::kCommandsDlq),
                                      .partition = message.partition,
                                      .key = message.key,
                                      .value = message.value,
                                      .headers = message.headers};
  auto header = [&](std::string_view name, std::string_view value) { out.headers.push_back({std::string(name), std::string(value)}); };
  header(headers::kDlqTopic, message.topic);
  header(headers::kDlqPartition, std::to_string(message.partition));
  header(headers::kDlqOffset, std::to_string(message.offset));
  header(headers::kDlqErrorCode, code);
  header(headers::kDlqErrorMessage, reason);
  header(headers::kDlqFirstFailure, time);
  header(headers::kDlqLastFailure, time);
  return out;
}

}  // namespace ordersaga::consumers
