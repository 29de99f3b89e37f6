#include "aggregates/currency.h"

#include <cstddef>

namespace ordersaga::aggregates {
namespace {

// Codes in a row, ascending, three letters each. As of 2026.
constexpr std::string_view kTwoDecimals =
    "AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHF"
    "CNYCOPCRCCUPCVECZKDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNL"
    "HTGHUFIDRILSINRIRRJMDKESKGSKHRKPWKYDKZTLAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNT"
    "MOPMRUMURMVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDPABPENPGKPHPPKRPLNQARRONRSDRUB"
    "SARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOPTRYTTDTWDTZSUAH"
    "USDUYUUZSVEDVESWSTXCDXCGYERZARZMWZWG";
constexpr std::string_view kNoDecimals = "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXVNDVUVXAFXOFXPF";
constexpr std::string_view kThreeDecimals = "BHDIQDJODKWDLYDOMRTND";

constexpr bool is_ascending(std::string_view codes) {
  if (codes.size() % 3 != 0) return false;
  for (std::size_t i = 3; i < codes.size(); i += 3)
    if (codes.substr(i - 3, 3) >= codes.substr(i, 3)) return false;
  return true;
}
static_assert(is_ascending(kTwoDecimals) && is_ascending(kNoDecimals) && is_ascending(kThreeDecimals));

bool contains(std::string_view codes, std::string_view code) {
  std::size_t low = 0;
  std::size_t high = codes.size() / 3;
  while (low < high) {
    std::size_t middle = (low + high) / 2;
    int order = codes.substr(middle * 3, 3).compare(code);
    if (order == 0) return true;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return false;
}

}  // namespace

std::optional<int> currency_exponent(std::string_view code) {
  if (code.size() != 3) return std::nullopt;
  if (contains(kTwoDecimals, code)) return 2;
  if (contains(kNoDecimals, code)) return 0;
  if (contains(kThreeDecimals, code)) return 3;
  return std::nullopt;
}

}  // namespace ordersaga::aggregates
