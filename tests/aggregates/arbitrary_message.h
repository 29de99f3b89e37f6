// Spoils messages at random, for properties that must hold for whatever is sent.
#pragma once

#include <google/protobuf/message.h>

#include <random>

namespace ordersaga::tests {

// Changes some fields of the message and of those in it, by reflection: extreme numbers, unknown enum values, absent,
// empty, over-long and ill-formed strings, repeated fields emptied or grown.
void spoil(google::protobuf::Message& message, std::mt19937_64& random);

}  // namespace ordersaga::tests
