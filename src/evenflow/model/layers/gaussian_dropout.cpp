#include <cmath>

#include "evenflow/model/layers/noise.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const double rate = drop_rate(builder);
  if (!builder.training() || rate == 0) return builder.input();
  if (rate == 1) builder.wrong("rate", "must be below 1");
  const auto deviation = static_cast<float>(std::sqrt(rate / (1 - rate)));
  const ValueId ones = graph.constant(Tensor(builder.shape(), 1.0f));
  return ops::multiply(graph, builder.input(), ops::gaussian_noise(graph, ones, deviation, builder.random_stream()));
}

}  // namespace

extern const LayerType gaussian_dropout;
constinit const LayerType gaussian_dropout{
    .id = "GaussianDropout",
    .summary = "Multiplies by normal noise of mean 1 while training",
    .defaults = R"({"rate": null, "seed": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
