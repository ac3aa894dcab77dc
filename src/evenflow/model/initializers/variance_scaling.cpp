#include "evenflow/model/initializer_type.h"

#include "evenflow/model/initializers/draw.h"

namespace evenflow::initializers {
namespace {

Tensor make(const Shape& shape, const Json& config, Random& random) {
  return draw_scaled(shape, scaling_from(config), random);
}

double variance(const Shape& shape, const Json& config) {
  return scaled_variance(shape, scaling_from(config));
}

}  // namespace

extern const InitializerType variance_scaling;
constinit const InitializerType variance_scaling{
    .id = "VarianceScaling",
    .alias = "variance_scaling",
    .defaults = R"({"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal", "seed": null})",
    .make = make,
    .variance = variance};

}  // namespace evenflow::initializers
