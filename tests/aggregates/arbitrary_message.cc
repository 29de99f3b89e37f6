#include "tests/aggregates/arbitrary_message.h"

#include <cstdint>
#include <limits>
#include <string>

namespace ordersaga::tests {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::uint64_t below(std::mt19937_64& random, std::uint64_t n) {
  return random() % n;
}

std::int64_t number(std::mt19937_64& random) {
  switch (below(random, 6)) {
    case 0:
      return 0;
    case 1:
      return -1;
    case 2:
      return std::numeric_limits<std::int64_t>::max();
    case 3:
      return std::numeric_limits<std::int64_t>::min();
    case 4:
      return static_cast<std::int64_t>(below(random, 2'000'000));
    default:
      return static_cast<std::int64_t>(random());
  }
}

std::string text(std::mt19937_64& random) {
  switch (below(random, 8)) {
    case 0:
      return {};
    case 1:
      return std::string("a\0b", 3);
    case 2:
      return std::string(5'000, 'x');
    case 3:
      return "\xc3\x28\xff";
    case 4:
      return "4111 1111 1111 1111";
    case 5:
      return "S1";
    case 6:
      return "JPY";
    default: {
      std::string bytes(below(random, 40), '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      return bytes;
    }
  }
}

void spoil_repeated(Message& message, const FieldDescriptor* field, std::mt19937_64& random) {
  const Reflection* reflection = message.GetReflection();
  if (below(random, 8) == 0) reflection->ClearField(&message, field);
  std::uint64_t added = below(random, 4) == 0 ? below(random, below(random, 50) == 0 ? 600 : 3) : 0;
  for (std::uint64_t i = 0; i < added; ++i) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) spoil(*reflection->AddMessage(&message, field), random);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) reflection->AddString(&message, field, text(random));
  }
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
  for (int i = 0; i < reflection->FieldSize(message, field); ++i)
    if (below(random, 2) == 0) spoil(*reflection->MutableRepeatedMessage(&message, field, i), random);
}

void spoil_single(Message& message, const FieldDescriptor* field, std::mt19937_64& random) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return spoil(*reflection->MutableMessage(&message, field), random);
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->SetString(&message, field, text(random));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->SetInt32(&message, field, static_cast<std::int32_t>(number(random)));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(&message, field, number(random));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, field, static_cast<int>(number(random)));
    default:
      return reflection->ClearField(&message, field);
  }
}

}  // namespace

void spoil(Message& message, std::mt19937_64& random) {
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (below(random, 4) != 0) continue;
    if (field->is_repeated()) {
      spoil_repeated(message, field, random);
    } else if (below(random, 4) == 0) {
      message.GetReflection()->ClearField(&message, field);
    } else {
      spoil_single(message, field, random);
    }
  }
}

}  // namespace ordersaga::tests
