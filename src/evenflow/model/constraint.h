// Constraints of weights: MaxNorm, UnitNorm, NonNeg, MinMaxNorm.
#pragma once

#include "evenflow/graph.h"
#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow {

// From a Keras configuration value: "max_norm", {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}}; null
// gives an item without type. Throws Error(unsupported) for another class, Error(input) for a wrong value.
Item choose_constraint(const Json& config);

// Adds the node that applies an item made by choose_constraint to weights in place.
void constrain(Graph& graph, ValueId weights, const Item& constraint);

}  // namespace evenflow
