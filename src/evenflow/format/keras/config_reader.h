// A model's architecture from Keras's JSON, of Keras 2 and 3 alike.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// "2.3.1" or "2.2.4-tf". Throws Error(unsupported) for Keras 1.
KerasVersion parse_version(std::string_view text);

// From {"class_name": "Sequential" | "Functional" | "Model", "config": ...}: the content of config.json or of the
// attribute model_config. The layers stand in the order in which Keras stores their weights. Compile settings are not
// read here. Throws Error(unsupported) naming what evenflow does not know, Error(input) for what makes no sense.
Model read_model_config(const Json& json, KerasVersion version);

// Is this class a model's?
bool is_model(std::string_view type);

// "layer 'dense'" or "layer 3": an entry of a list of layers, for messages.
std::string entry_text(const Json& entry, std::size_t position);

// An entry of a list of layers, which may be a model itself. Without its connections.
Layer read_any_layer(const Json& entry, KerasVersion version);

}  // namespace evenflow::keras
