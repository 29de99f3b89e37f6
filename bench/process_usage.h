// CPU time, memory and system calls of processes, seen from outside: Linux' /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ordersaga::bench {

struct ProcessUsage {
  double cpu_seconds = 0;  // user and system, of the process, its children, and those of them that have ended
  // Resident: what each of them has for itself, and the largest share that one has of memory that they share.
  double memory_mib = 0;
  // Times that a thread gave its processor away because it had to wait; of the threads and children that still are.
  std::int64_t waits = 0;
  // System calls that read and write, those on files at least; of the children that still are.
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  // cpu_seconds again, by name of thread, or by title of child process; equal names are summed. Threads that have ended
  // are missing.
  std::map<std::string, double> parts;
};

using NamedPids = std::vector<std::pair<std::string, pid_t>>;
// Of "postgres=17,kafka=21". Throws std::invalid_argument.
NamedPids parse_processes(const std::string& text);

// Throws std::runtime_error when the process is gone. Children that end while it looks are left out.
ProcessUsage usage_of(pid_t pid);

}  // namespace ordersaga::bench
