// The distributions that initializers draw from.
#pragma once

#include <cstdint>

#include "evenflow/base/random.h"
#include "evenflow/json.h"
#include "evenflow/tensor.h"

namespace evenflow::initializers {

// Deviation of a normal distribution of deviation 1 cut off at 2.
inline constexpr double kTruncatedDeviation = 0.8796256610342398;

Tensor draw_normal(const Shape& shape, double mean, double deviation, Random& random);
Tensor draw_truncated_normal(const Shape& shape, double mean, double deviation,
                             Random& random);  // redrawn beyond 2 deviations
Tensor draw_uniform(const Shape& shape, double low, double high, Random& random);

// Variance scale / fan, whatever the distribution.
struct Scaling {
  double scale = 1;
  enum class Fan : std::uint8_t { in, out, average } fan = Fan::in;
  enum class Distribution : std::uint8_t {
    truncated_normal,
    untruncated_normal,
    uniform
  } distribution = Distribution::truncated_normal;
};
Scaling scaling_from(const Json& config);  // throws Error(input)
double scaled_variance(const Shape& shape, const Scaling& scaling);
Tensor draw_scaled(const Shape& shape, const Scaling& scaling, Random& random);

}  // namespace evenflow::initializers
