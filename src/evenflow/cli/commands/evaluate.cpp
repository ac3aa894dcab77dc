// evenflow evaluate: loss and metrics of a model on data.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "evenflow/base/json_text.h"
#include "evenflow/cli/command.h"
#include "evenflow/cli/compile_options.h"
#include "evenflow/cli/model_file.h"
#include "evenflow/data.h"
#include "evenflow/train.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  ModelFile file;
  std::string data;
  CompileOverrides compile;
  int batch_size = 32;
  bool json = false;
};

Json evaluation_json(const Evaluation& evaluation, std::int64_t samples) {
  Json json{{"samples", samples}, {"loss", number(evaluation.loss)}};
  for (const auto& [name, value] : evaluation.metrics) json[name] = number(value);
  return json;
}

void print_line(std::string_view part, const Json& json) {
  std::string text = fmt::format("{:5} {} samples", part, json["samples"].get<std::int64_t>());
  for (const auto& [name, value] : json.items()) {
    if (name == "samples") continue;
    text += value.is_number() ? fmt::format("  {} {:.5g}", name, value.get<double>())
                              : fmt::format("  {} {}", name, value.get<std::string>());
  }
  fmt::print("{}\n", text);
}

int run(const Options& o, const Common& common) {
  SavedModel saved = load(o.file);
  std::vector<std::string> notes;
  complete_compile(saved.model, o.compile, notes);
  const Dataset data = fit_to_model(load_data(o.data), saved.model, &notes);
  require_targets(data);
  if (!common.quiet) {
    for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
  }
  Network network(std::move(saved));
  Json parts = Json::object();
  parts["data"] = evaluation_json(network.evaluate(data.x, data.y, o.batch_size), data.samples());
  if (!data.x_test.empty()) {
    parts["test"] = evaluation_json(network.evaluate(data.x_test, data.y_test, o.batch_size), data.x_test.shape()[0]);
  }
  if (o.json) {
    fmt::print("{}\n", parts.dump(2));
  } else {
    for (const auto& [part, json] : parts.items()) print_line(part, json);
  }
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  add_model_file(app, o->file);
  app.add_option("--data", o->data, "Data file or generated set")->required();
  app.add_option("--batch-size", o->batch_size, "Samples per step")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_flag("--json", o->json, "Print JSON");
  add_compile_options(app, o->compile);
  app.footer("Example: evenflow evaluate trained.keras --data t10k-images-idx3-ubyte.gz");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command evaluate;
const Command evaluate{.id = "evaluate", .summary = "Loss and metrics of a model on data", .setup = setup};

}  // namespace evenflow::cli::commands
