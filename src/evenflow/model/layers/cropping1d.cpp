#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layers/edges.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const Spatial space(builder, 1);
  const auto cut = edges(space, "cropping");
  ValueId images = space.images();
  for (int axis = 0; axis < 2; ++axis) {
    const auto i = 2 * static_cast<std::size_t>(axis);
    const std::int64_t extent = space.shape()[1 + axis];
    if (cut[i] + cut[i + 1] >= extent) builder.misfit("the cropping must leave something");
    images = ops::slice(builder.graph(), images, 1 + axis, cut[i], extent - cut[i + 1]);
  }
  return space.restore(images);
}

}  // namespace

extern const LayerType cropping1d;
constinit const LayerType cropping1d{
    .id = "Cropping1D",
    .summary = "Sequences without their edges",
    .defaults = R"({"cropping": 1})",
    .build = build,
};

}  // namespace evenflow::layers
