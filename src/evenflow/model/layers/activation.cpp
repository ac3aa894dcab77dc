#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  if (builder.is_null("activation")) builder.wrong("activation", "must name an activation");
  return builder.activate(builder.input());
}

}  // namespace

extern const LayerType activation;
constinit const LayerType activation{
    .id = "Activation",
    .summary = "Any activation by name",
    .defaults = R"({"activation": null})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
