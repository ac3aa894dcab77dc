// evenflow info: what a model file holds.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "evenflow/cli/command.h"
#include "evenflow/format.h"
#include "evenflow/report.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string model;
  bool json = false;
};

int run(const Options& o, const Common& common) {
  const SavedModel saved = load_model(o.model);
  if (o.json) {
    fmt::print("{}\n", to_json(saved.model).dump(2));
  } else {
    fmt::print("{}", model_text(saved.model, {.color = common.color, .width = common.width}));
  }
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("MODEL", o->model, "Model file (.keras, .h5)")->required();
  app.add_flag("--json", o->json, "Print the whole model as JSON");
  app.footer("Example: evenflow info model.keras");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command info;
const Command info{.id = "info", .summary = "Layers, parameters and compile settings of a model file", .setup = setup};

}  // namespace evenflow::cli::commands
