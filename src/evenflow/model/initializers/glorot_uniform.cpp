#include "evenflow/model/initializer_type.h"

#include "evenflow/model/initializers/draw.h"

namespace evenflow::initializers {
namespace {

constexpr Scaling kScaling{.scale = 1, .fan = Scaling::Fan::average, .distribution = Scaling::Distribution::uniform};

Tensor make(const Shape& shape, const Json&, Random& random) {
  return draw_scaled(shape, kScaling, random);
}

double variance(const Shape& shape, const Json&) {
  return scaled_variance(shape, kScaling);
}

}  // namespace

extern const InitializerType glorot_uniform;
constinit const InitializerType glorot_uniform{.id = "GlorotUniform",
                                               .alias = "glorot_uniform",
                                               .defaults = R"({"seed": null})",
                                               .make = make,
                                               .variance = variance};

}  // namespace evenflow::initializers
