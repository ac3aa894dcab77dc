#include "evenflow/base/text.h"
#include "evenflow/model/layers/enlarge.h"

namespace evenflow::layers {
namespace {

ValueId build(LayerBuilder& builder) {
  const std::string interpolation = lower(builder.text("interpolation"));
  if (interpolation == "nearest") return enlarge(Spatial(builder, 2), repeated);
  if (interpolation == "bilinear") return enlarge(Spatial(builder, 2), linear);
  if (interpolation != "bicubic") builder.unsupported("interpolation", "must be nearest, bilinear or bicubic");
  return enlarge(Spatial(builder, 2), cubic);
}

}  // namespace

extern const LayerType up_sampling2d;
constinit const LayerType up_sampling2d{
    .id = "UpSampling2D",
    .summary = "Enlarged images",
    .defaults = R"({"size": 2, "data_format": "channels_last", "interpolation": "nearest"})",
    .build = build,
};

}  // namespace evenflow::layers
