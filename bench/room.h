// Room on the disk, before a benchmark fills it.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace ordersaga::bench {

// Throws std::runtime_error when the servers' folder has not the room for so many orders. An empty name is not looked at.
inline void require_room(const std::string& folder, std::int64_t orders, std::uintmax_t bytes_an_order) {
  if (folder.empty()) return;
  const std::uintmax_t needed = static_cast<std::uintmax_t>(orders) * bytes_an_order;
  const std::uintmax_t free = std::filesystem::space(folder).available;
  if (free < needed)
    throw std::runtime_error(
        fmt::format("{} has {} GB free, and {} orders take about {} GB: ask for fewer", folder, free >> 30, orders, needed >> 30));
}

}  // namespace ordersaga::bench
