// evenflow new: a dense network as a .keras file, with fresh weights.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/cli/command.h"
#include "evenflow/cli/compile_options.h"
#include "evenflow/format.h"
#include "evenflow/model.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string out;
  std::string input;
  std::string hidden;
  std::string activation = "relu";
  std::string initializer = "glorot_uniform";
  std::string bias_initializer = "zeros";
  std::string normalization;
  double dropout = 0;
  std::int64_t output = 1;
  std::string output_activation = "linear";
  CompileOverrides compile;
  std::uint64_t seed = 0;
};

// "64" or "28x28x1"
std::vector<std::int64_t> parse_shape(const std::string& text) {
  std::vector<std::int64_t> shape;
  for (const std::string& part : split(text, 'x')) {
    shape.push_back(parse_integer(part, "--input"));
    if (shape.back() < 1) fail(ErrorKind::usage, "--input {}: every extent must be at least 1", text);
  }
  return shape;
}

// "256,128x3" is 256, 128, 128, 128.
std::vector<std::int64_t> parse_hidden(const std::string& text) {
  constexpr std::int64_t kMostLayers = 10'000;
  std::vector<std::int64_t> widths;
  if (text.empty()) return widths;
  for (const std::string& part : split(text, ',')) {
    const std::vector<std::string> numbers = split(part, 'x');
    if (numbers.size() > 2) fail(ErrorKind::usage, "--hidden {}: expected units or unitsxlayers, such as 128x3", part);
    const std::int64_t units = parse_integer(numbers[0], "--hidden");
    const std::int64_t layers = numbers.size() == 2 ? parse_integer(numbers[1], "--hidden") : 1;
    if (units < 1 || layers < 1 || layers + static_cast<std::int64_t>(widths.size()) > kMostLayers) {
      fail(ErrorKind::usage, "--hidden {}: units and layers must be at least 1, and {} layers at most", part,
           kMostLayers);
    }
    widths.insert(widths.end(), static_cast<std::size_t>(layers), units);
  }
  return widths;
}

void add_hidden(std::vector<Layer>& layers, std::int64_t units, const Options& o) {
  const bool normalized = !o.normalization.empty();
  layers.push_back(layer("Dense", {{"units", units},
                                   {"activation", normalized ? "linear" : o.activation},
                                   {"kernel_initializer", o.initializer},
                                   {"bias_initializer", o.bias_initializer}}));
  if (normalized) {
    layers.push_back(layer(o.normalization == "batch_normalization" ? "BatchNormalization" : "LayerNormalization"));
    layers.push_back(layer("Activation", {{"activation", o.activation}}));
  }
  if (o.dropout > 0) layers.push_back(layer("Dropout", {{"rate", o.dropout}}));
}

Model build(const Options& o) {
  const std::vector<std::int64_t> shape = parse_shape(o.input);
  std::vector<Layer> layers{Input{shape}};
  if (shape.size() > 1) layers.push_back(layer("Flatten"));
  for (const std::int64_t units : parse_hidden(o.hidden)) add_hidden(layers, units, o);
  layers.push_back(layer("Dense", {{"units", o.output},
                                   {"activation", o.output_activation},
                                   {"kernel_initializer", o.initializer},
                                   {"bias_initializer", o.bias_initializer}}));
  return sequential(std::move(layers));
}

int run(const Options& o, const Common& common) {
  SavedModel saved{.model = build(o)};
  CompileOverrides overrides = o.compile;
  if (overrides.optimizer.empty()) overrides.optimizer = "sgd";
  std::vector<std::string> notes;
  complete_compile(saved.model, overrides, notes);
  saved.weights = initialize(saved.model, o.seed);
  save_model(o.out, saved);
  if (!common.quiet) {
    for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
    fmt::print("{}: {} layers, {} parameters\n", o.out, saved.model.layers.size() - 1,
               with_thousands(parameter_count(saved.model)));
  }
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("OUT.keras", o->out, "File to write")->required();
  app.add_option("--input", o->input, "Shape of one sample: 64, or 28x28x1 (then flattened)")->required();
  app.add_option("--hidden", o->hidden, "Widths of the hidden layers: 128x29, or 256,128x3");
  app.add_option("--activation", o->activation, "Activation of the hidden layers")->capture_default_str();
  app.add_option("--initializer", o->initializer, "Kernel initializer")->capture_default_str();
  app.add_option("--bias-initializer", o->bias_initializer, "Bias initializer")->capture_default_str();
  app.add_option("--normalization", o->normalization, "Between each hidden layer and its activation")
      ->check(CLI::IsMember({"batch_normalization", "layer_normalization"}));
  app.add_option("--dropout", o->dropout, "Dropout rate after each hidden layer")->check(CLI::Range(0.0, 1.0));
  app.add_option("--output", o->output, "Units of the output layer")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--output-activation", o->output_activation, "Activation of the output layer")->capture_default_str();
  add_compile_options(app, o->compile);
  app.add_option("--seed", o->seed, "Seed of the initial weights")->capture_default_str();
  app.footer(
      "Example: evenflow new deep.keras --input 64 --hidden 128x29 --activation sigmoid --output 10 \\\n"
      "           --output-activation softmax --loss categorical_crossentropy --optimizer sgd --learning-rate 0.01");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command new_model;
const Command new_model{.id = "new", .summary = "Make a dense network as a .keras file", .setup = setup};

}  // namespace evenflow::cli::commands
