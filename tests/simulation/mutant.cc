#include "tests/simulation/mutant.h"

#include <utility>

namespace ordersaga::simulation {
namespace {

constexpr std::pair<Mutant, std::string_view> kNames[] = {
    {Mutant::none, "none"},
    {Mutant::skip_inbox, "skip_inbox"},
    {Mutant::believe_doubtful, "believe_doubtful"},
    {Mutant::new_key_on_retry, "new_key_on_retry"},
    {Mutant::forget_wakeup, "forget_wakeup"},
    {Mutant::forget_stock, "forget_stock"},
    {Mutant::deaf_producer, "deaf_producer"},
    {Mutant::offsets_before_done, "offsets_before_done"},
    {Mutant::checkpoint_ignored, "checkpoint_ignored"},
    {Mutant::skip_resume, "skip_resume"},
};

}  // namespace

std::optional<Mutant> find_mutant(std::string_view name) {
  for (const auto& [mutant, n] : kNames)
    if (n == name) return mutant;
  return std::nullopt;
}

std::string_view name(Mutant mutant) {
  for (const auto& [m, n] : kNames)
    if (m == mutant) return n;
  return "?";
}

}  // namespace ordersaga::simulation
