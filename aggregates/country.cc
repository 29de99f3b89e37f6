#include "aggregates/country.h"

#include <bitset>
#include <cstddef>

namespace ordersaga::aggregates {
namespace {

constexpr std::string_view kCountries =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCD"
    "CFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGF"
    "GGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKN"
    "KPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNA"
    "NCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI"
    "SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI"
    "VNVUWFWSYEYTZAZMZW";
// Nobody lives there, and no carrier goes there: Antarctica, Bouvet, South Georgia, Heard and McDonald, the French
// Southern Territories, the US Minor Outlying Islands.
constexpr std::string_view kNotServed = "AQBVGSHMTFUM";

constexpr std::size_t kLetters = 26;
using Set = std::bitset<kLetters * kLetters>;

std::size_t index(std::string_view code) {
  return static_cast<std::size_t>(code[0] - 'A') * kLetters + static_cast<std::size_t>(code[1] - 'A');
}

Set set_of(std::string_view codes) {
  Set set;
  for (std::size_t i = 0; i + 2 <= codes.size(); i += 2) set.set(index(codes.substr(i, 2)));
  return set;
}

bool has_form_of_code(std::string_view code) {
  return code.size() == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z';
}

}  // namespace

bool is_country(std::string_view code) {
  static const Set countries = set_of(kCountries);
  return has_form_of_code(code) && countries.test(index(code));
}

bool is_served(std::string_view code) {
  static const Set not_served = set_of(kNotServed);
  return has_form_of_code(code) && !not_served.test(index(code));
}

}  // namespace ordersaga::aggregates
