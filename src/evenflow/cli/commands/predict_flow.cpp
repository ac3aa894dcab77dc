// evenflow predict-flow: what theory says about a model, without running it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>

#include "evenflow/cli/command.h"
#include "evenflow/format.h"
#include "evenflow/health.h"
#include "evenflow/report.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string model;
  std::int64_t batch_size = 32;
  double input_moment = 1;
  bool fresh = false;
  bool json = false;
};

int run(const Options& o, const Common& common) {
  const SavedModel saved = load_model(o.model);
  const auto start = std::chrono::steady_clock::now();
  const FlowPrediction prediction = evenflow::predict_flow(
      saved.model,
      {.weights = o.fresh ? nullptr : &saved.weights, .input_moment = o.input_moment, .batch_size = o.batch_size});
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  if (o.json) {
    fmt::print("{}\n", flow_json(prediction).dump(2, ' ', false, Json::error_handler_t::replace));
    return 0;
  }
  fmt::print("{}", flow_text(prediction, {.color = common.color, .width = common.width}));
  if (!common.quiet) fmt::print("Predicted in {:.1f} ms.\n", spent.count());
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("MODEL", o->model, "Model file")->required();
  app.add_option("--batch-size", o->batch_size, "Samples per batch, for batch normalization; 0: infinitely many")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--input-moment", o->input_moment, "Mean square of the inputs")->check(CLI::PositiveNumber);
  app.add_flag("--fresh", o->fresh, "What the initializers draw instead of the file's weights");
  app.add_flag("--json", o->json, "Print JSON");
  app.footer("Example: evenflow predict-flow deep.keras");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command predict_flow;
const Command predict_flow{
    .id = "predict-flow", .summary = "Predicts every layer's gradient by theory, without running", .setup = setup};

}  // namespace evenflow::cli::commands
