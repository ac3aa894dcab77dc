// Averages of weights over the steps of training.
#pragma once

#include <cstdint>

#include "evenflow/graph.h"

namespace evenflow::ops {

// average = momentum average + (1 - momentum) weights, in place; at the first update the weights themselves. After
// every `overwrite_frequency` updates (0: never) the weights become the average. One update is made every `steps`
// steps, but every step averages, as in Keras.
void average_weights(Graph& graph, ValueId weights, ValueId average, double momentum, std::int64_t overwrite_frequency,
                     std::int64_t steps = 1);

}  // namespace evenflow::ops
