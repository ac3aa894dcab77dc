// evenflow new: a dense or recurrent network as a .keras file, with fresh weights.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/cli/command.h"
#include "evenflow/cli/compile_options.h"
#include "evenflow/format.h"
#include "evenflow/model.h"
#include "evenflow/model/stacked_network.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string out;
  std::string input;
  std::string embedding;
  std::string hidden;
  StackedNetwork network;
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

StackedNetwork network(const Options& o) {
  StackedNetwork network = o.network;
  network.input = parse_shape(o.input);
  network.hidden = parse_hidden(o.hidden);
  if (!o.embedding.empty()) {
    const std::vector<std::string> numbers = split(o.embedding, 'x');
    if (numbers.size() != 2) {
      fail(ErrorKind::usage, "--embedding {}: expected TOKENSxWIDTH, such as 5000x32", o.embedding);
    }
    network.tokens = parse_integer(numbers[0], "--embedding");
    network.embedding = parse_integer(numbers[1], "--embedding");
    if (network.tokens < 1 || network.embedding < 1) {
      fail(ErrorKind::usage, "--embedding {}: tokens and width must be at least 1", o.embedding);
    }
  }
  return network;
}

int run(const Options& o, const Common& common) {
  SavedModel saved{.model = stacked_network(network(o))};
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
  app.add_option("--input", o->input,
                 "Shape of one sample: 64; 28x28x1 (then flattened); 100x2, 100 time steps of 2 features")
      ->required();
  app.add_option(
      "--embedding", o->embedding,
      "The input is a sequence of tokens, 0 for padding: their number and the width of their vectors, 5000x32");
  app.add_option("--hidden", o->hidden, "Widths of the hidden layers: 128x29, or 256,128x3");
  app.add_option("--recurrent", o->network.recurrent, "The hidden layers are recurrent: SimpleRNN, LSTM or GRU")
      ->transform(CLI::IsMember(std::vector<std::string>{"SimpleRNN", "LSTM", "GRU"}, CLI::ignore_case,
                                CLI::ignore_underscore));
  app.add_flag("--return-sequences", o->network.return_sequences,
               "The last recurrent layer gives every time step, so there is an output for each");
  app.add_option("--activation", o->network.activation,
                 "Activation of the hidden layers (default: relu; recurrent: Keras's)");
  app.add_option("--initializer", o->network.initializer, "Kernel initializer")->capture_default_str();
  app.add_option("--weight-variance", o->network.weight_variance,
                 "Variance of the kernels times their fan-in, with --initializer variance_scaling")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--recurrent-initializer", o->network.recurrent_initializer,
                 "Initializer of the recurrent kernels (default: orthogonal)");
  app.add_option("--bias-initializer", o->network.bias_initializer, "Bias initializer")->capture_default_str();
  app.add_option("--normalization", o->network.normalization, "Between each hidden layer and its activation")
      ->check(CLI::IsMember({"batch_normalization", "layer_normalization"}));
  app.add_flag("--residual", o->network.residual,
               "Residual paths around dense layers of one width: z + W f(z), pre-activation blocks");
  app.add_option("--dropout", o->network.dropout, "Dropout rate after each hidden layer")->check(CLI::Range(0.0, 1.0));
  app.add_option("--output", o->network.output, "Units of the output layer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--output-activation", o->network.output_activation, "Activation of the output layer")
      ->capture_default_str();
  add_compile_options(app, o->compile);
  app.add_option("--seed", o->seed, "Seed of the initial weights")->capture_default_str();
  app.footer(
      "Example: evenflow new deep.keras --input 64 --hidden 128x29 --activation sigmoid --output 10 \\\n"
      "           --output-activation softmax --loss categorical_crossentropy --optimizer sgd --learning-rate 0.01\n"
      "         evenflow new lstm.keras --input 100x2 --recurrent lstm --hidden 128 --output 1 --optimizer adam \\\n"
      "           --global-clipnorm 1");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command new_model;
const Command new_model{.id = "new", .summary = "Make a dense or recurrent network as a .keras file", .setup = setup};

}  // namespace evenflow::cli::commands
