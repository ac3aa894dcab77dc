// How a model's layers hang together.
#pragma once

#include <vector>

#include "evenflow/model.h"

namespace evenflow {

// For each layer the indices of the layers that it takes its inputs from. Throws Error(input) that names the layer:
// names that are empty or used twice, inputs that do not exist or come later, no InputLayer, a wrong output, a shared
// layer that does not exist or differs.
std::vector<std::vector<std::size_t>> connections(const Model& model);

// Shape of one sample, from the configuration of an InputLayer; 0 stands for an axis of any length (null in Keras).
Shape sample_shape(const Layer& input_layer);

}  // namespace evenflow
