#include "runtime/clock.h"
#include "tools/sagactl/app.h"

int main(int argc, char** argv) {
  ordersaga::runtime::SystemClock clock;
  ordersaga::sagactl::Console console = ordersaga::sagactl::process_console(clock);
  ordersaga::sagactl::stop_on_signals();
  return ordersaga::sagactl::run({argv + 1, argv + argc}, console);
}
