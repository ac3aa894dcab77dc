#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const Json factors{{"l1", builder.number("l1")}, {"l2", builder.number("l2")}};
  builder.regularize_activity({{"class_name", "L1L2"}, {"config", factors}});
  return builder.input();
}

}  // namespace

extern const LayerType activity_regularization;
constinit const LayerType activity_regularization{
    .id = "ActivityRegularization",
    .summary = "Its input, with a penalty on its size",
    .defaults = R"({"l1": 0.0, "l2": 0.0})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
