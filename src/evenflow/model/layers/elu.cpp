#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return builder.activate(builder.input(), choose_activation({{"class_name", "ELU"}, {"config", builder.config()}}));
}

}  // namespace

extern const LayerType elu;
constinit const LayerType elu{
    .id = "ELU",
    .summary = "Exponential linear unit",
    .defaults = R"({"alpha": 1.0})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
