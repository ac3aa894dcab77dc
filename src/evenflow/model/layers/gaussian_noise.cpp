#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const double deviation = builder.number("stddev");
  if (!(deviation >= 0)) builder.wrong("stddev", "must not be negative");
  if (!builder.training()) return builder.input();
  return ops::gaussian_noise(builder.graph(), builder.input(), static_cast<float>(deviation), builder.random_stream());
}

}  // namespace

extern const LayerType gaussian_noise;
constinit const LayerType gaussian_noise{
    .id = "GaussianNoise",
    .summary = "Adds normal noise while training",
    .defaults = R"({"stddev": null, "seed": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
