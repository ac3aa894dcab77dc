// Models and settings as the lines of Keras code that make them, and what differs between two models.
#pragma once

#include <string>
#include <vector>

#include "evenflow/model.h"

namespace evenflow {

// keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal"): settings that are Keras's defaults are
// left out.
std::string keras_code(const Layer& layer);
// keras.optimizers.SGD(learning_rate=0.01, global_clipnorm=1.0)
std::string keras_optimizer_code(const Item& optimizer);

// A Python program that makes and compiles the model: a Sequential or, for layers with several inputs, calls.
// Throws Error(unsupported) for inner models, shared layers and layers with several outputs.
std::string keras_program(const Model& model);

struct CodeChange {
  enum class Kind : char { removed = '-', added = '+' } kind;
  std::string code;
  std::vector<std::string> layers;  // one for each equal line in a row; none for settings
  friend bool operator==(const CodeChange&, const CodeChange&) = default;
};
// In the order of the changed model; changes that repeat from layer to layer are one entry with several layers.
std::vector<CodeChange> code_changes(const Model& before, const Model& after);

}  // namespace evenflow
