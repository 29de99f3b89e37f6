#include "schemas/lineage.h"

#include <gtest/gtest.h>

#include "schemas/streams.h"

namespace ordersaga {
namespace {

constexpr std::string_view kUuid = "0192f3a1-7c00-7abc-8def-00000000002a";

common::v1::Id packed(std::string_view text) {
  common::v1::Id id;
  pack_id(text, id);
  return id;
}

TEST(PackedId, AUuidIsKeptAsItsTwoHalves) {
  common::v1::Id id = packed(kUuid);
  EXPECT_EQ(id.text(), "");
  EXPECT_EQ(id.uuid_high(), 0x0192f3a17c007abcU);
  EXPECT_EQ(id.uuid_low(), 0x8def00000000002aU);
  EXPECT_EQ(id.ByteSizeLong(), 18U);
  EXPECT_EQ(id_text(id), kUuid);
}

TEST(PackedId, AnyOtherIdIsKeptAsItIs) {
  for (std::string_view text :
       {"", "c1", "0192F3A1-7C00-7ABC-8DEF-00000000002A", "0192f3a1-7c00-7abc-8def-00000000002", "0192f3a1-7c00-7abc-8def_00000000002a",
        "0192f3a1-7c00-7abc-8def-00000000002g", "00000000-0000-0000-0000-000000000000"}) {
    common::v1::Id id = packed(text);
    EXPECT_EQ(id.uuid_high(), 0U) << text;
    EXPECT_EQ(id.uuid_low(), 0U) << text;
    EXPECT_EQ(id_text(id), text);
  }
}

TEST(Lineage, OfACommandNamesItAndItsSender) {
  log::v1::RecordMetadata metadata;
  *metadata.mutable_causation() = packed(kUuid);
  metadata.set_actor("shop");
  Lineage lineage = lineage_of(metadata, "o1");
  EXPECT_EQ(lineage.causation_id, kUuid);
  EXPECT_EQ(lineage.correlation_id, kUuid) << "unless the sender names another, it is the command's id";
  EXPECT_EQ(lineage.actor, "shop");
  *metadata.mutable_correlation() = packed("k1");
  EXPECT_EQ(lineage_of(metadata, "o1").correlation_id, "k1");
}

TEST(Lineage, OfASagaNamesWhatMovedIt) {
  log::v1::RecordMetadata metadata;
  *metadata.mutable_correlation() = packed("k1");
  log::v1::SagaCause& cause = *metadata.mutable_saga();
  cause.set_definition("place_order");
  cause.set_step(3);
  cause.set_attempt(2);
  EXPECT_EQ(lineage_of(metadata, "o1").causation_id, "saga-place_order-o1/3#2");
  EXPECT_EQ(lineage_of(metadata, "o1").correlation_id, "k1");
  EXPECT_EQ(lineage_of(metadata, "o1").actor, "saga:place_order");
  cause.set_compensation(true);
  EXPECT_EQ(lineage_of(metadata, "o1").causation_id, "saga-place_order-o1/3/undo#2");
  cause.set_kind(log::v1::SAGA_CAUSE_KIND_TIMER);
  EXPECT_EQ(lineage_of(metadata, "o1").causation_id, "timer:saga-place_order-o1");
  cause.set_kind(log::v1::SAGA_CAUSE_KIND_RESUME);
  EXPECT_EQ(lineage_of(metadata, "o1").causation_id, "resume:saga-place_order-o1");
}

TEST(Lineage, OfASagasOriginIsTheCommandUnlessAnotherWasNamed) {
  saga::v1::SagaOrigin origin;
  *origin.mutable_command() = packed("c1");
  EXPECT_EQ(correlation_of(origin), "c1");
  *origin.mutable_correlation() = packed(kUuid);
  EXPECT_EQ(correlation_of(origin), kUuid);
}

TEST(Streams, ASagasNameTellsItsDefinition) {
  EXPECT_EQ(saga_definition("saga-place_order-o-1"), "place_order");
  EXPECT_EQ(saga_definition("order-o-1"), "");
  EXPECT_EQ(saga_definition("saga-place_order"), "");
}

}  // namespace
}  // namespace ordersaga
