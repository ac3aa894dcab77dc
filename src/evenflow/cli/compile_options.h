// Options that several commands share: how a model is compiled, when its file does not say or the user says otherwise.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenflow/model.h"

namespace CLI {
class App;
}

namespace evenflow::cli {

struct CompileOverrides {
  std::string loss;
  std::string optimizer;
  std::vector<std::string> metrics;
  std::optional<double> learning_rate;
  std::optional<double> momentum;
  std::optional<double> clipnorm;
  std::optional<double> global_clipnorm;
  std::optional<double> clipvalue;
  std::optional<double> weight_decay;
  std::optional<int> gradient_accumulation;
};

// Adds --loss, --optimizer, --learning-rate, ...
void add_compile_options(CLI::App& app, CompileOverrides& overrides);

// The loss that fits the activation and width of the model's output: sigmoid binary_crossentropy, softmax
// categorical_crossentropy, else mean_squared_error.
std::string fitting_loss(const Model& model);

// Completes the model's compile settings: what the user gave, else what the file has, else the defaults (fitting loss,
// Adam, accuracy for classifiers). Says in `notes` what was assumed. Returns whether the optimizer changed, so that
// a saved optimizer state no longer fits.
bool complete_compile(Model& model, const CompileOverrides& overrides, std::vector<std::string>& notes);

}  // namespace evenflow::cli
