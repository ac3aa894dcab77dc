// A model's architecture as Keras 3 writes it.
#pragma once

#include "evenflow/json.h"
#include "evenflow/model.h"
#include "evenflow/model/lowering.h"

namespace evenflow::keras {

// The content of config.json, compile settings included. A functional model's layers must be in canonical order;
// `lowered` is the model's graph. Only keys that Keras needs, so that every Keras 3 reads it.
Json model_config(const Model& model, const Lowered& lowered);

}  // namespace evenflow::keras
