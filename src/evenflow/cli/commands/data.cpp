// evenflow data: what --data takes.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "evenflow/cli/command.h"
#include "evenflow/data.h"

namespace evenflow::cli::commands {
namespace {

std::function<int()> setup(CLI::App& app, const Common&) {
  app.footer("Example: evenflow check model.keras --data circles:samples=500,noise=0.05");
  return [] {
    for (const SourceInfo& source : data_sources()) {
      fmt::print("{}\n    {}\n", source.usage, source.summary);
    }
    return 0;
  };
}

}  // namespace

extern const Command data;
const Command data{.id = "data", .summary = "List the data files and generated sets that --data takes", .setup = setup};

}  // namespace evenflow::cli::commands
