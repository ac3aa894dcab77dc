// The model that a command works on: a file, perhaps with the weights of another one.
#pragma once

#include <string>

#include "evenflow/model.h"

namespace CLI {
class App;
}

namespace evenflow::cli {

struct ModelFile {
  std::string model;
  std::string weights;  // empty: the model's own
};

// Adds MODEL and --weights.
void add_model_file(CLI::App& app, ModelFile& file);

SavedModel load(const ModelFile& file);

}  // namespace evenflow::cli
