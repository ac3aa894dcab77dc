#include "evenflow/model/initializer_type.h"

#include "evenflow/model/initializers/draw.h"

namespace evenflow::initializers {
namespace {

Tensor make(const Shape& shape, const Json& config, Random& random) {
  return draw_truncated_normal(shape, config.at("mean").get<double>(), config.at("stddev").get<double>(), random);
}

double variance(const Shape&, const Json& config) {
  const double stddev = kTruncatedDeviation * config.at("stddev").get<double>();
  return stddev * stddev;
}

}  // namespace

extern const InitializerType truncated_normal;
constinit const InitializerType truncated_normal{.id = "TruncatedNormal",
                                                 .alias = "truncated_normal",
                                                 .defaults = R"({"mean": 0.0, "stddev": 0.05, "seed": null})",
                                                 .make = make,
                                                 .variance = variance};

}  // namespace evenflow::initializers
