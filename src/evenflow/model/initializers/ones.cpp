#include "evenflow/model/initializer_type.h"

namespace evenflow::initializers {
namespace {

Tensor make(const Shape& shape, const Json&, Random&) {
  return Tensor(shape, 1.0f);
}

double variance(const Shape&, const Json&) {
  return 0;
}

}  // namespace

extern const InitializerType ones;
constinit const InitializerType ones{
    .id = "Ones", .alias = "ones", .defaults = R"({})", .make = make, .variance = variance};

}  // namespace evenflow::initializers
