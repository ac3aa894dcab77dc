#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  require_rank(builder, 2, "vectors (None, features)");
  const std::int64_t n = builder.integer("n");
  if (n < 1) builder.wrong("n", "must be at least 1");
  const Shape shape = builder.shape();
  const ValueId once = ops::reshape(builder.graph(), builder.input(), {shape[0], 1, shape[1]});
  return ops::broadcast_to(builder.graph(), once, {shape[0], n, shape[1]});
}

}  // namespace

extern const LayerType repeat_vector;
constinit const LayerType repeat_vector{
    .id = "RepeatVector",
    .summary = "Each sample n times, as a sequence",
    .defaults = R"({"n": null})",
    .build = build,
};

}  // namespace evenflow::layers
