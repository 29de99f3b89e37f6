// Runs a simulator's server until SIGTERM or SIGINT.
#pragma once

#include <chrono>
#include <exception>
#include <iostream>

#include "runtime/clock.h"
#include "runtime/shutdown.h"

namespace ordersaga::simulators {

// Prints the server's address as the first line on stdout. Returns the process's exit code.
template <class Server, class Options>
int serve(const char* program, const Options& options) {
  using namespace std::chrono_literals;
  try {
    runtime::Shutdown shutdown(10s);
    runtime::SystemClock clock;
    Server server(options, clock);
    std::cout << "http://127.0.0.1:" << server.port() << std::endl;
    while (!runtime::sleep_unless_stopped(shutdown.token(), std::chrono::hours(1))) {
    }
    server.stop(1s);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << program << ": " << error.what() << std::endl;
    return 1;
  }
}

}  // namespace ordersaga::simulators
