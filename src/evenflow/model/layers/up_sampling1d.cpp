#include "evenflow/model/layers/enlarge.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  return enlarge(Spatial(builder, 1), repeated);
}

}  // namespace

extern const LayerType up_sampling1d;
constinit const LayerType up_sampling1d{
    .id = "UpSampling1D",
    .summary = "Each step of a sequence several times",
    .defaults = R"({"size": 2})",
    .build = build,
};

}  // namespace evenflow::layers
