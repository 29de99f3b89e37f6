// sagactl completion bash|zsh|fish: a small script for the shell that asks the hidden command __complete.
#include "tools/sagactl/completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/kafka/kafka_admin.h"
#include "tools/sagactl/app.h"
#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

constexpr Statement kOrders{"complete_orders",
                            "SELECT order_id FROM read.order_summary WHERE order_id ^@ $1::text ORDER BY created_at DESC LIMIT 30"};
constexpr Statement kSagas{
    "complete_sagas",
    "SELECT type || '-' || order_id FROM read.saga_status WHERE CASE WHEN strpos($1::text, '-') = 0 THEN type ^@ $1::text"
    " ELSE type = split_part($1::text, '-', 1) AND order_id ^@ substr($1::text, strpos($1::text, '-') + 1) END"
    " ORDER BY started_at DESC LIMIT 30"};
constexpr Statement kSkus{"complete_skus", "SELECT DISTINCT sku FROM read.stock_level_parts WHERE sku ^@ $1::text ORDER BY 1 LIMIT 30"};

// A completion that takes longer is worse than none.
constexpr auto kPatience = std::chrono::milliseconds(1'000);

constexpr const char* kBash = R"(# bash completion of sagactl; in ~/.bashrc:  source <(sagactl completion bash)
_sagactl() {
  local IFS=$'\n'
  COMPREPLY=($(sagactl __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sagactl sagactl
)";
constexpr const char* kZsh = R"(#compdef sagactl
# zsh completion of sagactl; in ~/.zshrc after compinit:  source <(sagactl completion zsh)
_sagactl() {
  local -a candidates
  candidates=("${(@f)$(sagactl __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  (( ${#candidates} )) && compadd -a candidates
}
compdef _sagactl sagactl
)";
constexpr const char* kFish = R"(# fish completion of sagactl; in ~/.config/fish/config.fish:  sagactl completion fish | source
function __sagactl_complete
  set -l words (commandline -opc) (commandline -ct)
  sagactl __complete $words[2..-1] 2>/dev/null
end
complete -c sagactl -f -a '(__sagactl_complete)'
)";

void add_flags(const CLI::App& app, const std::string& prefix, std::vector<std::string>& out) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames())
      if (("--" + name).starts_with(prefix)) out.push_back("--" + name);
}

const CLI::Option* find_flag(const CLI::App& root, const CLI::App& app, const std::string& word) {
  const CLI::Option* option = app.get_option_no_throw(word);
  return option != nullptr ? option : root.get_option_no_throw(word);
}

// The positional argument that comes after `given` others.
std::string positional(const CLI::App& app, std::size_t given) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    if (option->get_positional() && option->nonpositional() == false) names.push_back(option->get_name(true));
  return given < names.size() ? names[given] : "";
}

std::vector<std::string> live_values(Context& context, const std::string& argument, const std::string& prefix) {
  std::vector<std::string> values;
  if (argument == "topic") {
    runtime::kafka::KafkaAdmin admin(context.kafka(), kPatience);
    for (const auto& [name, partitions] : admin.partition_counts())
      if (name.starts_with(prefix)) values.push_back(name);
    return values;
  }
  const Statement* statement = argument == "order" ? &kOrders : argument == "saga" ? &kSagas : argument == "sku" ? &kSkus : nullptr;
  if (statement == nullptr) return values;
  Database database(context.settings, kPatience, false);
  Database::Rows rows = database.query(*statement, {prefix});
  for (std::size_t r = 0; r < rows.size(); ++r) values.emplace_back(rows.text(r, 0));
  return values;
}

struct ShellArgs {
  std::string shell;
};

void declare_shell(CLI::App& app, ShellArgs& args) {
  app.add_option("shell", args.shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

ExitCode run_shell(Context& context, const ShellArgs& args) {
  context.console.out << (args.shell == "bash" ? kBash : args.shell == "zsh" ? kZsh : kFish);
  return ExitCode::ok;
}

}  // namespace

std::vector<std::string> complete(const CLI::App& root, const std::vector<std::string>& words, const Values& values) {
  const CLI::App* at = &root;
  std::size_t positionals = 0;
  const CLI::Option* open = nullptr;  // a flag whose value comes next
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (open != nullptr) {
      open = nullptr;
      continue;
    }
    if (words[i].starts_with("-")) {
      const CLI::Option* option = find_flag(root, *at, words[i]);
      if (option != nullptr && option->get_expected_min() > 0) open = option;
    } else if (const CLI::App* next = find_command(*at, words[i])) {
      at = next;
    } else {
      ++positionals;
    }
  }
  std::string last = words.empty() ? "" : words.back();
  std::vector<std::string> candidates;
  if (open != nullptr) return values(open->get_lnames().empty() ? "" : open->get_lnames().front(), last);
  if (last.starts_with("-")) {
    add_flags(*at, last, candidates);
    if (at != &root) add_flags(root, last, candidates);
  } else {
    for (const CLI::App* sub : at->get_subcommands([](const CLI::App*) { return true; }))
      if (!sub->get_group().empty() && sub->get_name().starts_with(last)) candidates.push_back(sub->get_name());
    if (std::string argument = positional(*at, positionals); !argument.empty()) candidates = values(argument, last);
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  return candidates;
}

int run_complete(const std::vector<std::string>& words, Console& console) {
  GlobalFlags flags;
  Action ignored;
  auto root = make_app(flags, ignored);
  auto values = [&](const std::string& argument, const std::string& prefix) -> std::vector<std::string> {
    try {
      Options options;
      options.timeout = kPatience;
      Context context(console, options, read_settings({}, "", console.environment), "", {});
      return live_values(context, argument, prefix);
    } catch (const std::exception&) {
      return {};  // a shell in the middle of a line has no place for an error
    }
  };
  for (const std::string& candidate : complete(*root, words, values)) console.out << candidate << "\n";
  return static_cast<int>(ExitCode::ok);
}

void add_completion(CLI::App& app, Action& chosen) {
  add_verb<ShellArgs>(app, chosen, "completion", "completion script for a shell", declare_shell, run_shell);
}

}  // namespace ordersaga::sagactl
