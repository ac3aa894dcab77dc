// Functional models from Keras's JSON: layers that are called, connected, shared and nested (A.4 of Keras's format).
#pragma once

#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// Fills in layers, inputs and outputs from the model's "config". The layers stand in the order of canonical_order().
void read_functional(const Json& config, KerasVersion version, Model& model);

}  // namespace evenflow::keras
