#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const double rate = builder.number("rate");
  if (!(rate >= 0 && rate <= 1)) builder.wrong("rate", "must be between 0 and 1");
  if (!builder.is_null("noise_shape")) builder.unsupported("noise_shape", "every element is dropped on its own");
  if (!builder.training()) return builder.input();
  return ops::dropout(builder.graph(), builder.input(), static_cast<float>(rate), builder.random_stream());
}

}  // namespace

extern const LayerType dropout;
constinit const LayerType dropout{
    .id = "Dropout",
    .summary = "Sets random elements to 0 while training",
    .defaults = R"({"rate": null, "noise_shape": null, "seed": null})",
    .build = build,
};

}  // namespace evenflow::layers
