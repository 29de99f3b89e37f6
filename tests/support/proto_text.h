// Messages in tests, written as Protobuf text, and compared with a readable difference.
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace ordersaga::tests {

// proto<v1::ReserveStock>("order_id: 'o1'"). Throws std::invalid_argument for text that is no M.
template <class M>
M proto(const std::string& text = {}) {
  M message;
  if (!google::protobuf::TextFormat::ParseFromString(text, &message))
    throw std::invalid_argument("no " + M::descriptor()->full_name() + ": " + text);
  return message;
}

inline testing::AssertionResult is_same(const google::protobuf::Message& expected, const google::protobuf::Message& actual) {
  if (expected.GetDescriptor() != actual.GetDescriptor())
    return testing::AssertionFailure() << "expected " << expected.GetTypeName() << ", got " << actual.GetTypeName() << " { "
                                       << actual.ShortDebugString() << " }";
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  if (differencer.Compare(expected, actual)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << expected.GetTypeName() << " differs:\n" << difference;
}

}  // namespace ordersaga::tests
