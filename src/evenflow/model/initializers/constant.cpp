#include "evenflow/model/initializer_type.h"

namespace evenflow::initializers {
namespace {

Tensor make(const Shape& shape, const Json& config, Random&) {
  return Tensor(shape, config.at("value").get<float>());
}

double variance(const Shape&, const Json&) {
  return 0;
}

}  // namespace

extern const InitializerType constant;
constinit const InitializerType constant{
    .id = "Constant", .alias = "constant", .defaults = R"({"value": 0.0})", .make = make, .variance = variance};

}  // namespace evenflow::initializers
