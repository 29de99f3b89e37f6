// What both simulators' servers answer in the same way.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "runtime/http/server.h"

namespace ordersaga::simulators {

inline runtime::http::Response json_answer(int status, const nlohmann::json& body) {
  return runtime::http::Response::json(status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

inline runtime::http::Response error_answer(int status, std::string_view code, std::string_view message, bool nothing_done = false) {
  nlohmann::json error = {{"code", code}, {"message", message}};
  // Only with this may a caller conclude anything from an error of the server.
  if (nothing_done) error["nothing_done"] = true;
  return json_answer(status, {{"error", std::move(error)}});
}

// A page of a ledger whose entry n (from 1) is at index n - 1: the entries behind ?after=, at most ?limit= (1 to 1,000).
// "next_after" is null on the last page.
template <class Entry, class ToJson>
runtime::http::Response ledger_page(const std::deque<Entry>& ledger, const runtime::http::Incoming& in, ToJson to_json) {
  auto number = [&](std::string_view name, std::size_t fallback, std::size_t low, std::size_t high) {
    std::string text(in.query(name));
    if (text.empty()) return fallback;
    bool digits = text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos;
    std::size_t value = digits ? std::stoull(text) : 0;
    if (!digits || value < low || value > high)
      throw std::invalid_argument(std::string(name) + " must be " + std::to_string(low) + " to " + std::to_string(high));
    return value;
  };
  try {
    std::size_t after = number("after", 0, 0, 999'999'999'999'999'999U);
    std::size_t limit = number("limit", 100, 1, 1'000);
    nlohmann::json entries = nlohmann::json::array();
    std::size_t i = after;
    for (; i < ledger.size() && entries.size() < limit; ++i) entries.push_back(to_json(ledger[i]));
    nlohmann::json next = i < ledger.size() ? nlohmann::json(i) : nlohmann::json(nullptr);
    return json_answer(200, {{"entries", std::move(entries)}, {"next_after", std::move(next)}, {"size", ledger.size()}});
  } catch (const std::invalid_argument& error) {
    return error_answer(400, "invalid_request", error.what());
  }
}

}  // namespace ordersaga::simulators
