#include <numeric>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const std::vector<int> axes = sample_axes(builder, "axis");
  if (axes.size() > 1) builder.unsupported("axis", "softmax runs over one axis");
  const int last = builder.shape().rank() - 1;
  const ActivationChoice softmax = choose_activation("softmax");
  if (axes[0] == last) return builder.activate(builder.input(), softmax);

  std::vector<int> swapped(static_cast<std::size_t>(last + 1));
  std::iota(swapped.begin(), swapped.end(), 0);
  std::swap(swapped[static_cast<std::size_t>(axes[0])], swapped.back());
  const ValueId y = builder.activate(ops::transpose(graph, builder.input(), swapped), softmax);
  return ops::transpose(graph, y, swapped);
}

}  // namespace

extern const LayerType softmax;
constinit const LayerType softmax{
    .id = "Softmax",
    .summary = "Exponentials that sum to 1 along an axis",
    .defaults = R"({"axis": -1})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
