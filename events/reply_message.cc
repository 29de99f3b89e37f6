#include "events/reply_message.h"

#include <google/protobuf/util/json_util.h>

#include <stdexcept>

#include "schemas/headers.h"

namespace ordersaga::events {

runtime::kafka::OutgoingMessage reply_message(const common::v1::CommandReply& reply, std::string topic, std::string key, std::string id,
                                              bool json) {
  runtime::kafka::OutgoingMessage m;
  m.topic = std::move(topic);
  m.key = std::move(key);
  if (json) {
    google::protobuf::util::JsonPrintOptions options;
    options.always_print_primitive_fields = true;
    auto status = google::protobuf::util::MessageToJsonString(reply, &m.value, options);
    if (!status.ok()) throw std::runtime_error("a reply cannot be written as JSON: " + std::string(status.message().as_string()));
  } else {
    m.value = reply.SerializeAsString();
  }
  auto header = [&](std::string_view name, std::string_view value) { m.headers.push_back({std::string(name), std::string(value)}); };
  header(headers::kSpecVersion, headers::kSpecVersionValue);
  header(headers::kId, id);
  header(headers::kSource, "ordersaga");
  header(headers::kType, reply.GetDescriptor()->full_name());
  header(headers::kContentType, json ? headers::kJson : headers::kProtobuf);
  header(headers::kCausationId, reply.command_id());
  return m;
}

}  // namespace ordersaga::events
