// What every implementation of events/event_store.h must do. To apply it, give a fixture
//
//   struct MyStores {
//     static constexpr int kShards = 4;
//     std::unique_ptr<events::EventStore> open();  // a new session with the one store, lock timeout 200 ms to 2 s
//     void submit(Shard, key, message_id, type, content_type, data);  // an operator's command
//   };
//
// and  INSTANTIATE_TYPED_TEST_SUITE_P(My, EventStoreLogContract, MyStores);
//      INSTANTIATE_TYPED_TEST_SUITE_P(My, EventStoreTablesContract, MyStores);
//      INSTANTIATE_TYPED_TEST_SUITE_P(My, EventStoreOperatorsContract, MyStores);
//
// Each test has a store of its own, which is empty.
#pragma once

#include "tests/contract/event_store_log_contract.h"
#include "tests/contract/event_store_operators_contract.h"
#include "tests/contract/event_store_tables_contract.h"
