#include "evenflow/model/initializer_type.h"

namespace evenflow::initializers {
namespace {

Tensor make(const Shape& shape, const Json&, Random&) {
  return Tensor(shape);
}

double variance(const Shape&, const Json&) {
  return 0;
}

}  // namespace

extern const InitializerType zeros;
constinit const InitializerType zeros{
    .id = "Zeros", .alias = "zeros", .defaults = R"({})", .make = make, .variance = variance};

}  // namespace evenflow::initializers
