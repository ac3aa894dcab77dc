#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const ValueId scaled = ops::scale(graph, builder.input(), static_cast<float>(builder.number("scale")));
  const auto offset = static_cast<float>(builder.number("offset"));
  return offset == 0.0f ? scaled : ops::add(graph, scaled, graph.scalar(offset));
}

}  // namespace

extern const LayerType rescaling;
constinit const LayerType rescaling{
    .id = "Rescaling",
    .summary = "x scale + offset",
    .defaults = R"({"scale": null, "offset": 0.0})",
    .build = build,
};

}  // namespace evenflow::layers
