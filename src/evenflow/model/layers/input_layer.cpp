#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

// lower() makes the model's input of the shape in the configuration and hands it in.
ValueId build(LayerBuilder& builder) {
  return builder.input();
}

}  // namespace

extern const LayerType input_layer;
constinit const LayerType input_layer{
    .id = "InputLayer",
    .summary = "Where samples enter; gives their shape",
    .defaults = R"({"batch_shape": null, "batch_input_shape": null, "shape": null})",
    .minimum_inputs = 0,
    .maximum_inputs = 0,
    .build = build,
};

}  // namespace evenflow::layers
