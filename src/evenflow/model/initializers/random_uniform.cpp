#include "evenflow/model/initializer_type.h"

#include "evenflow/model/initializers/draw.h"

namespace evenflow::initializers {
namespace {

Tensor make(const Shape& shape, const Json& config, Random& random) {
  return draw_uniform(shape, config.at("minval").get<double>(), config.at("maxval").get<double>(), random);
}

double variance(const Shape&, const Json& config) {
  const double width = config.at("maxval").get<double>() - config.at("minval").get<double>();
  return width * width / 12;
}

}  // namespace

extern const InitializerType random_uniform;
constinit const InitializerType random_uniform{.id = "RandomUniform",
                                               .alias = "random_uniform uniform",
                                               .defaults = R"({"minval": -0.05, "maxval": 0.05, "seed": null})",
                                               .make = make,
                                               .variance = variance};

}  // namespace evenflow::initializers
