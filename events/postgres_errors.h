// From the database's failures to the store's.
#pragma once

#include <utility>

namespace ordersaga::events {

// Throws the StoreError for the exception being handled; what is none of runtime::postgres passes as it is.
[[noreturn]] void rethrow_as_store_error();

template <class F>
auto as_store_errors(F&& f) -> decltype(f()) {
  try {
    return std::forward<F>(f)();
  } catch (...) {
    rethrow_as_store_error();
  }
}

}  // namespace ordersaga::events
