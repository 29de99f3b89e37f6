#include "events/codec.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "events/errors.h"
#include "events/upcasters.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/order/v1/events.pb.h"

namespace ordersaga::events {
namespace {

using google::protobuf::Arena;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A value in every field that the message and its parts have, so that a lost field is seen.
void fill(Message& message, int depth = 0) {
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* f = descriptor->field(i);
    if (f->is_repeated()) {
      if (f->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth < 2 && !f->is_map())
        fill(*reflection->AddMessage(&message, f), depth + 1);
      else if (f->cpp_type() == FieldDescriptor::CPPTYPE_STRING)
        reflection->AddString(&message, f, "text");
      continue;
    }
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth < 2) fill(*reflection->MutableMessage(&message, f), depth + 1);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection->SetString(&message, f, f->name());
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection->SetInt32(&message, f, f->number());
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(&message, f, -f->number());
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(&message, f, true);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection->SetEnumValue(&message, f, 1);
        break;
      default:
        break;
    }
  }
}

RecordedEvent record_of(const Message& message) {
  RecordedEvent r;
  r.type = number_of(message.GetDescriptor());
  r.payload = message.SerializeAsString();
  return r;
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(ORDERSAGA_GOLDEN) + "/" + name);
  EXPECT_TRUE(file) << "no golden file " << name;
  std::string bytes;
  for (std::string digits; file >> digits;) bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
  return bytes;
}

TEST(Codec, every_type_has_one_number_and_the_numbers_ascend) {
  std::set<const google::protobuf::Descriptor*> types;
  TypeNumber last(0);
  for (const RecordType& t : record_types()) {
    EXPECT_LT(last, t.number);
    last = t.number;
    EXPECT_TRUE(types.insert(t.descriptor).second) << t.descriptor->full_name();
    EXPECT_EQ(number_of(t.descriptor), t.number);
    EXPECT_EQ(type_of(t.number), t.descriptor);
  }
}

TEST(Codec, numbers_that_were_given_stay) {
  std::string all;
  for (const RecordType& t : record_types()) all += std::to_string(t.number.value) + " " + t.descriptor->full_name() + "\n";
  std::ifstream file(std::string(ORDERSAGA_GOLDEN) + "/record_types.txt");
  std::string given((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_FALSE(given.empty());
  EXPECT_EQ(all.substr(0, given.size()), given) << "numbers are for ever; a new type is appended to the golden file too";
}

TEST(Codec, every_event_message_of_the_contracts_has_a_number) {
  for (const char* context : {"order", "inventory", "payment", "shipment"}) {
    std::string file_name = std::string("ordersaga/") + context + "/v1/events.proto";
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(file_name);
    ASSERT_NE(file, nullptr) << file_name;
    for (int i = 0; i < file->message_type_count(); ++i) EXPECT_GT(number_of(file->message_type(i)).value, 0);
  }
}

TEST(Codec, every_type_comes_back_as_it_was_encoded) {
  for (const RecordType& t : record_types()) {
    Arena arena;
    Message* message = make_message(t.descriptor, &arena);
    fill(*message);
    EXPECT_EQ(decode(record_of(*message), &arena)->SerializeAsString(), message->SerializeAsString()) << t.descriptor->full_name();
  }
}

TEST(Codec, commands_are_found_by_name_and_unknown_names_are_null) {
  for (const char* name : {"ordersaga.order.v1.PlaceOrder", "ordersaga.inventory.v1.ReceiveStock", "ordersaga.payment.v1.AuthorizePayment",
                           "ordersaga.shipment.v1.RecordPack", "ordersaga.order.v1.OrderPlaced"})
    EXPECT_NE(find_message(name), nullptr) << name;
  EXPECT_EQ(find_message("ordersaga.order.v1.Nothing"), nullptr);
  EXPECT_EQ(find_message(""), nullptr);
  EXPECT_EQ(type_of(TypeNumber(0)), nullptr);
  EXPECT_EQ(type_of(TypeNumber(32767)), nullptr);
}

TEST(Codec, bytes_that_are_no_message_of_their_type_are_bad_data) {
  Arena arena;
  RecordedEvent r;
  r.type = TypeNumber(101);
  r.payload = "\xff\xff\xff";
  EXPECT_THROW(decode(r, &arena), BadData);
  r.type = TypeNumber(99);
  r.payload = "";
  EXPECT_THROW(decode(r, &arena), BadData);
}

TEST(Codec, fields_that_a_newer_program_wrote_are_kept) {
  Arena arena;
  RecordedEvent r;
  r.type = number_of(order::v1::OrderConfirmed::descriptor());
  r.payload = std::string("\xfa\x01\x03new", 6);  // field 31, text
  EXPECT_EQ(decode(r, &arena)->SerializeAsString(), r.payload);
}

// Bytes as version 1 of OrderCancelled and OrderRejected were written: one text "<CODE>: <reason>".
struct Upcasting : ::testing::Test {
  Arena arena;
  template <class M>
  const M& decoded(const std::string& payload, std::uint32_t schema_version) {
    RecordedEvent r;
    r.type = number_of(M::descriptor());
    r.payload = payload;
    log::v1::RecordMetadata metadata;
    metadata.set_schema_version(schema_version);
    r.metadata = metadata.SerializeAsString();
    return static_cast<const M&>(*decode(r, &arena));
  }
};

TEST_F(Upcasting, the_first_shape_of_a_cancelled_order_is_read_in_todays) {
  for (std::uint32_t first : {0u, 1u}) {
    const auto& event = decoded<order::v1::OrderCancelled>(golden("order_cancelled.1.hex"), first);
    EXPECT_EQ(event.code(), "PAYMENT_DECLINED");
    EXPECT_EQ(event.reason(), "the bank said: insufficient funds");
  }
}

TEST_F(Upcasting, the_first_shape_of_a_rejected_order_is_read_in_todays) {
  const auto& event = decoded<order::v1::OrderRejected>(golden("order_rejected.1.hex"), 1);
  EXPECT_EQ(event.code(), "INVENTORY_UNAVAILABLE");
  EXPECT_EQ(event.reason(), "SKU-7 is short by 2");
}

TEST_F(Upcasting, todays_shape_stays_as_it_is_whatever_version_it_names) {
  order::v1::OrderCancelled event;
  event.set_code("PAYMENT_DECLINED");
  event.set_reason("a: b");
  for (std::uint32_t version : {0u, 1u, 2u, 3u})
    EXPECT_EQ(decoded<order::v1::OrderCancelled>(event.SerializeAsString(), version).SerializeAsString(), event.SerializeAsString());
  event.clear_reason();
  EXPECT_EQ(decoded<order::v1::OrderCancelled>(event.SerializeAsString(), 0).code(), "PAYMENT_DECLINED");
}

TEST_F(Upcasting, bytes_of_version_two_are_not_touched) {
  order::v1::OrderCancelled event;
  event.set_code("A: b");
  EXPECT_EQ(decoded<order::v1::OrderCancelled>(event.SerializeAsString(), 2).code(), "A: b");
}

TEST_F(Upcasting, a_writer_stamps_the_latest_version) {
  EXPECT_EQ(schema_version_of(order::v1::OrderCancelled::descriptor()), 2u);
  EXPECT_EQ(schema_version_of(order::v1::OrderPlaced::descriptor()), 1u);
}

}  // namespace
}  // namespace ordersaga::events
