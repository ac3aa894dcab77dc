#include "evenflow/model/initializer_type.h"

#include "evenflow/model/initializers/draw.h"

namespace evenflow::initializers {
namespace {

Tensor make(const Shape& shape, const Json& config, Random& random) {
  return draw_normal(shape, config.at("mean").get<double>(), config.at("stddev").get<double>(), random);
}

double variance(const Shape&, const Json& config) {
  const double stddev = config.at("stddev").get<double>();
  return stddev * stddev;
}

}  // namespace

extern const InitializerType random_normal;
constinit const InitializerType random_normal{.id = "RandomNormal",
                                              .alias = "random_normal normal",
                                              .defaults = R"({"mean": 0.0, "stddev": 0.05, "seed": null})",
                                              .make = make,
                                              .variance = variance};

}  // namespace evenflow::initializers
