// What people write on Keras 3's symbolic tensors: x + 1, x[:, -1], ops.relu(x). Files record them as operations.
#pragma once

#include <optional>
#include <vector>

#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// Is this entry of a list of layers an operation?
bool is_operation(const Json& entry);

// The layer that computes the same, without its connections: type, name, configuration, and in its arguments, under
// "operation", what the file said, for the way back. Throws Error(unsupported) when no layer does.
Layer operation_layer(const Json& entry);

// Was this layer an operation?
bool was_operation(const Layer& layer);
// The entry again, without name; `tensors` are what the layer takes, as the file is to say them.
Json operation_entry(const Layer& layer, const std::vector<Json>& tensors);

}  // namespace evenflow::keras
