// What jemalloc is told (docs/decisions/0033): it reads this name before main() runs. MALLOC_CONF overrules it.
#include "daemon/allocator.h"

extern "C" const char* malloc_conf;
const char* malloc_conf = ordersaga::daemon::kAllocatorSettings;
