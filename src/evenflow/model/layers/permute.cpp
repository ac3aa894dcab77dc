#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const int rank = builder.shape().rank();
  std::vector<int> permutation{0};
  for (const std::int64_t axis : integers_from(builder, "dims", static_cast<std::size_t>(rank - 1), 1)) {
    permutation.push_back(sample_axis(builder, "dims", axis));
  }
  std::vector<int> sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    builder.wrong("dims", fmt::format("must hold each of the axes 1 to {} once", rank - 1));
  }
  return ops::transpose(builder.graph(), builder.input(), permutation);
}

}  // namespace

extern const LayerType permute;
constinit const LayerType permute{
    .id = "Permute",
    .summary = "The axes of a sample in another order",
    .defaults = R"({"dims": null})",
    .build = build,
};

}  // namespace evenflow::layers
