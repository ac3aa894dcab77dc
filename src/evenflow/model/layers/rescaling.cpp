#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId along_last_axes(LayerBuilder& builder, std::string_view key) {
  Tensor numbers = tensor_from(builder, key);
  const Shape shape = builder.shape();
  const int missing = shape.rank() - numbers.shape().rank();
  for (int axis = missing; axis < shape.rank(); ++axis) {
    const std::int64_t extent = missing < 0 ? 0 : numbers.shape()[axis - missing];
    if (missing < 1 || (extent != shape[axis] && extent != 1)) {
      builder.misfit(fmt::format("{} of shape {} must fit the last axes", key, to_string(numbers.shape())));
    }
  }
  return builder.graph().constant(std::move(numbers));
}

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  ValueId y = builder.input();
  if (builder.config().at("scale").is_array()) {
    y = ops::multiply(graph, y, along_last_axes(builder, "scale"));
  } else {
    y = ops::scale(graph, y, static_cast<float>(builder.number("scale")));
  }
  if (builder.config().at("offset").is_array()) return ops::add(graph, y, along_last_axes(builder, "offset"));
  const auto offset = static_cast<float>(builder.number("offset"));
  return offset == 0.0f ? y : ops::add(graph, y, graph.scalar(offset));
}

}  // namespace

extern const LayerType rescaling;
constinit const LayerType rescaling{
    .id = "Rescaling",
    .summary = "x scale + offset",
    .defaults = R"({"scale": null, "offset": 0.0})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
