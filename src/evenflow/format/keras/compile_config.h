// Compile settings: loss, optimizer, metrics.
#pragma once

#include <optional>

#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// From a .keras file's "compile_config" or a legacy file's "training_config"; nullopt for a model that was not
// compiled. `model` says the version and the outputs. Throws Error naming the setting that evenflow does not know.
std::optional<CompileSettings> read_compile_config(const Json& json, const Model& model);

// As Keras 3 writes it. REQUIRES: model.compile.
Json compile_config(const Model& model);

}  // namespace evenflow::keras
