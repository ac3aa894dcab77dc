#include "evenflow/cli/model_file.h"

#include <CLI/CLI.hpp>

#include "evenflow/format.h"

namespace evenflow::cli {

void add_model_file(CLI::App& app, ModelFile& file) {
  app.add_option("MODEL", file.model, "Model file (.keras, .h5)")->required();
  app.add_option(
      "--weights", file.weights,
      "Take the weights, and the optimizer's state where it fits, from this file (.weights.h5, .keras, .h5)");
}

SavedModel load(const ModelFile& file) {
  SavedModel saved = load_model(file.model);
  if (!file.weights.empty()) load_weights(file.weights, saved);
  return saved;
}

}  // namespace evenflow::cli
