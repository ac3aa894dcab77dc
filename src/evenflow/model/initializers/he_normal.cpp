#include "evenflow/model/initializer_type.h"

#include "evenflow/model/initializers/draw.h"

namespace evenflow::initializers {
namespace {

constexpr Scaling kScaling{
    .scale = 2, .fan = Scaling::Fan::in, .distribution = Scaling::Distribution::truncated_normal};

Tensor make(const Shape& shape, const Json&, Random& random) {
  return draw_scaled(shape, kScaling, random);
}

double variance(const Shape& shape, const Json&) {
  return scaled_variance(shape, kScaling);
}

}  // namespace

extern const InitializerType he_normal;
constinit const InitializerType he_normal{
    .id = "HeNormal", .alias = "he_normal", .defaults = R"({"seed": null})", .make = make, .variance = variance};

}  // namespace evenflow::initializers
