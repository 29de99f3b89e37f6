// sagactl version
#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

namespace {

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_version(Context& context, const NoArgs&) {
  if (context.options.format == Format::table || context.options.format == Format::wide)
    context.console.out << "sagactl " << ORDERSAGA_VERSION << "\n";
  else
    context.print_object({{"version", ""}}, {{"version", ORDERSAGA_VERSION}});
  return ExitCode::ok;
}

}  // namespace

void add_version(CLI::App& app, Action& chosen) {
  add_verb<NoArgs>(app, chosen, "version", "version of this program", declare_nothing, run_version);
}

}  // namespace ordersaga::sagactl
