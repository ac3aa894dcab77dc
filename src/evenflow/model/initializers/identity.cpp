#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/model/initializer_type.h"

namespace evenflow::initializers {
namespace {

Tensor make(const Shape& shape, const Json& config, Random&) {
  if (shape.rank() != 2)
    fail(ErrorKind::input, "the Identity initializer is for matrices, not for shape {}", to_string(shape));
  Tensor result(shape);
  for (std::int64_t i = 0; i < std::min(shape[0], shape[1]); ++i)
    result[i * shape[1] + i] = config.at("gain").get<float>();
  return result;
}

double variance(const Shape&, const Json&) {
  return 0;
}

}  // namespace

extern const InitializerType identity;
constinit const InitializerType identity{
    .id = "Identity", .alias = "identity", .defaults = R"({"gain": 1.0})", .make = make, .variance = variance};

}  // namespace evenflow::initializers
