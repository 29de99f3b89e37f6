#include "bench/process_usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace ordersaga::bench {
namespace {

namespace fs = std::filesystem;

struct Stat {
  std::string name;
  pid_t parent = 0;
  double own = 0;  // seconds
  double of_ended_children = 0;
};

// /proc/PID/stat, or a thread's; nullopt when it has ended.
std::optional<Stat> read_stat(const fs::path& folder) {
  std::ifstream file(folder / "stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const std::size_t open = line.find('(');
  const std::size_t close = line.rfind(')');  // a name may hold anything
  Stat stat;
  stat.name = line.substr(open + 1, close - open - 1);
  std::istringstream rest(line.substr(close + 1));
  std::string skipped;
  double user = 0, system = 0, children_user = 0, children_system = 0;
  rest >> skipped >> stat.parent;
  for (int i = 0; i < 9; ++i) rest >> skipped;
  if (!(rest >> user >> system >> children_user >> children_system))
    throw std::runtime_error((folder / "stat").string() + " cannot be read");
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  stat.own = (user + system) / ticks;
  stat.of_ended_children = (children_user + children_system) / ticks;
  return stat;
}

struct Memory {
  double own_mib = 0;
  double shared_mib = 0;
};

Memory read_memory(const fs::path& folder) {
  std::ifstream file(folder / "status");
  Memory memory;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double kib = 0;
    words >> name >> kib;
    if (name == "RssAnon:") memory.own_mib += kib / 1024;
    if (name == "RssFile:" || name == "RssShmem:") memory.shared_mib += kib / 1024;
  }
  return memory;
}

// The fields of a file of "name: number …" lines; empty when the process has ended. Throws when it may not be read: a
// figure of zero would be wrong.
std::map<std::string, std::int64_t> read_fields(const fs::path& path) {
  std::ifstream file(path);
  if (!file && fs::exists(path.parent_path())) throw std::runtime_error(path.string() + " cannot be read: run as its owner or as root");
  std::map<std::string, std::int64_t> fields;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::int64_t value = 0;
    if (words >> name >> value) fields.emplace(name, value);
  }
  return fields;
}

void add_system_calls(const fs::path& process, ProcessUsage& usage) {
  const auto io = read_fields(process / "io");
  auto field = [](const auto& fields, const char* name) {
    auto found = fields.find(name);
    return found == fields.end() ? 0 : found->second;
  };
  usage.reads += field(io, "syscr:");
  usage.writes += field(io, "syscw:");
  std::error_code ended;
  for (fs::directory_iterator thread(process / "task", ended); thread != fs::directory_iterator(); thread.increment(ended))
    usage.waits += field(read_fields(thread->path() / "status"), "voluntary_ctxt_switches:");
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What a process says it is: its command line's first two words, which Postgres rewrites ("postgres: ordersaga_relay").
std::string title_of(const fs::path& folder, const std::string& otherwise) {
  std::ifstream file(folder / "cmdline");
  std::string text;
  std::getline(file, text, '\0');
  std::istringstream words(text);
  std::string first, second;
  words >> first >> second;
  if (first.empty()) return otherwise;
  return second.empty() ? first : first + " " + second;
}

}  // namespace

NamedPids parse_processes(const std::string& text) {
  NamedPids processes;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    const std::size_t equals = item.find('=');
    const std::string number = equals == std::string::npos ? "" : item.substr(equals + 1);
    pid_t pid = 0;
    if (!is_number(number) || std::from_chars(number.data(), number.data() + number.size(), pid).ec != std::errc() || equals == 0)
      throw std::invalid_argument(fmt::format("processes: '{}' is not name=pid", item));
    processes.emplace_back(item.substr(0, equals), pid);
  }
  return processes;
}

ProcessUsage usage_of(pid_t pid) {
  const fs::path proc("/proc");
  const fs::path root = proc / std::to_string(pid);
  const std::optional<Stat> stat = read_stat(root);
  if (!stat) throw std::runtime_error(fmt::format("process {} has ended", pid));
  ProcessUsage usage;
  usage.cpu_seconds = stat->own + stat->of_ended_children;
  Memory memory = read_memory(root);
  add_system_calls(root, usage);
  for (const auto& thread : fs::directory_iterator(root / "task"))
    if (auto of_thread = read_stat(thread.path())) usage.parts[of_thread->name] += of_thread->own;
  for (const auto& entry : fs::directory_iterator(proc)) {
    if (!is_number(entry.path().filename().string())) continue;
    const auto child = read_stat(entry.path());
    if (!child || child->parent != pid) continue;
    usage.cpu_seconds += child->own + child->of_ended_children;
    add_system_calls(entry.path(), usage);
    usage.parts[title_of(entry.path(), child->name)] += child->own;
    const Memory of_child = read_memory(entry.path());
    memory.own_mib += of_child.own_mib;
    memory.shared_mib = std::max(memory.shared_mib, of_child.shared_mib);
  }
  usage.memory_mib = memory.own_mib + memory.shared_mib;
  return usage;
}

}  // namespace ordersaga::bench
