#include <algorithm>
#include <numeric>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const Shape shape = builder.shape();
  ValueId x = builder.input();
  if (channels_first(builder) && shape.rank() > 2) {
    std::vector<int> last(static_cast<std::size_t>(shape.rank()));
    std::iota(last.begin(), last.end(), 0);
    std::rotate(last.begin() + 1, last.begin() + 2, last.end());
    x = ops::transpose(graph, x, last);
  }
  return ops::reshape(graph, x, {shape[0], shape.count(1, shape.rank())});
}

}  // namespace

extern const LayerType flatten;
constinit const LayerType flatten{
    .id = "Flatten",
    .summary = "All axes of a sample as one",
    .defaults = R"({"data_format": "channels_last"})",
    .build = build,
};

}  // namespace evenflow::layers
