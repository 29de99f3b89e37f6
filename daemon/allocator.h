// How the daemon's allocator gives memory back (docs/decisions/0033).
#pragma once

namespace ordersaga::daemon {

// narenas: what one thread frees another can use at once; with four a processor, as is usual, each kind of work keeps the largest
//   that it ever needed. A thread still has its own store of free objects and seldom needs an arena.
// dirty_decay_ms: what no turn or batch has used for so long goes back to the system. Shorter than the time between two turns would
//   have the same pages be given back and fetched again.
// background_thread: also when nothing allocates any more.
inline constexpr char kAllocatorSettings[] = "narenas:2,dirty_decay_ms:1000,background_thread:true";

}  // namespace ordersaga::daemon
