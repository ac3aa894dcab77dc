// A model's architecture as Keras 3 writes it.
#pragma once

#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// The content of config.json, compile settings included. A functional model's layers must be in canonical order. Only
// keys that Keras needs, so that every Keras 3 reads it.
Json model_config(const Model& model);

// A layer, or a model inside of the model, as an entry of a list of layers, without its connections.
Json any_entry(const Layer& layer, const Model& model);

}  // namespace evenflow::keras
