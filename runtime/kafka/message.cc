#include "runtime/kafka/message.h"

#include <librdkafka/rdkafka.h>

namespace ordersaga::runtime::kafka {

ConsumedMessage to_consumed(const rd_kafka_message_s& message) {
  ConsumedMessage out;
  out.topic = rd_kafka_topic_name(message.rkt);
  out.partition = message.partition;
  out.offset = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t millis = rd_kafka_message_timestamp(&message, &type);
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) out.timestamp = decltype(out.timestamp)(std::chrono::milliseconds(millis));
  if (message.key != nullptr) out.key.emplace(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) out.value.assign(static_cast<const char*>(message.payload), message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    out.headers.reserve(rd_kafka_header_cnt(headers));
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
      out.headers.push_back({name, value == nullptr ? std::string() : std::string(static_cast<const char*>(value), size)});
  }
  return out;
}

}  // namespace ordersaga::runtime::kafka
