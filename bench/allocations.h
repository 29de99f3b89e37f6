// Counts what the program asks of the heap. Linking allocations.cc replaces the global operator new.
#pragma once

#include <cstdint>

namespace ordersaga::bench {

// Since the start of the process; all threads.
std::uint64_t allocations();

}  // namespace ordersaga::bench
