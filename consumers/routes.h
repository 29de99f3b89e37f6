// THE table: which commands may come from outside, and which field of each must equal the record's key.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>

namespace ordersaga::consumers {

// Operators may ask for more than clients.
enum class Sender : bool { a_client, an_operator };

// The message type of an accepted command; null: there is none of that name, or it is not for this kind of sender.
const google::protobuf::Descriptor* find_command(std::string_view full_name, Sender sender);

// The partition key that a command itself names. REQUIRES: its type came from find_command().
std::string key_named_by(const google::protobuf::Message& command);

}  // namespace ordersaga::consumers
