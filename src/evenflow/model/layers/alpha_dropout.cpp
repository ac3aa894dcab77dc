#include <cmath>

#include "evenflow/model/layers/noise.h"

namespace evenflow::layers {
namespace {

// SELU's lower limit: G. Klambauer et al., "Self-normalizing neural networks", arXiv:1706.02515.
constexpr double kDropped = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const double rate = drop_rate(builder);
  const Shape mask = noise_shape(builder);
  if (!builder.training() || rate == 0) return builder.input();
  if (rate == 1) builder.wrong("rate", "must be below 1");
  const double scale = 1 / std::sqrt((1 - rate) * (1 + rate * kDropped * kDropped));
  // scale (x or kDropped) - scale rate kDropped, where dropout leaves (x - kDropped) / (1 - rate) or 0.
  const ValueId shifted = ops::add(graph, builder.input(), graph.scalar(static_cast<float>(-kDropped)));
  const ValueId kept = ops::scale(graph, drop(builder, shifted, mask), static_cast<float>(scale * (1 - rate)));
  return ops::add(graph, kept, graph.scalar(static_cast<float>(scale * kDropped * (1 - rate))));
}

}  // namespace

extern const LayerType alpha_dropout;
constinit const LayerType alpha_dropout{
    .id = "AlphaDropout",
    .summary = "Dropout that keeps mean and variance of SELU's outputs while training",
    .defaults = R"({"rate": null, "noise_shape": null, "seed": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
