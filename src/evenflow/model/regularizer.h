// Regularizers of weights and activities: L1, L2, their sum, and OrthogonalRegularizer.
#pragma once

#include "evenflow/graph.h"
#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow {

// From a Keras configuration value: "l2", {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}; null gives an item
// without type. Throws Error(unsupported), or Error(input) for a factor that is not a number.
Item choose_regularizer(const Json& config);
// The penalty of an item that choose_regularizer made, a scalar. An activity's penalty is divided by a number of
// samples. Throws Error(shape) where it does not fit.
ValueId penalty(Graph& graph, ValueId w, const Item& regularizer, double divisor = 1.0);

}  // namespace evenflow
