// The order in which Keras stores the layers of a functional model.
#pragma once

#include <vector>

#include "evenflow/model.h"

namespace evenflow::keras {

// The layers in the order that Keras computes from the connections when it loads the model: weight groups and
// optimizer slots are numbered in it, whatever the order in the file. Every layer comes after its inputs.
// Throws Error(input) for a cycle, an unknown input or output, and for a layer that does not lead to an output.
std::vector<Layer> canonical_order(std::vector<Layer> layers, const std::vector<LayerOutput>& outputs);

// The model with its layers, and those of its inner models, in that order. Of several calls of a layer the first one in
// it has the layer's name, whichever had it before.
Model canonical(Model model);

}  // namespace evenflow::keras
