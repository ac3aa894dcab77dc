// A. M. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", ICLR 2014:
// an orthonormal basis from the QR decomposition of a Gaussian matrix, signs fixed by the diagonal of R.
#include <algorithm>
#include <cmath>
#include <vector>

#include "evenflow/model/initializer_type.h"

namespace evenflow::initializers {
namespace {

double dot(const double* a, const double* b, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// Makes `count` rows of `width` numbers (count <= width) orthonormal: Gram-Schmidt, twice, which is enough (W. Kahan).
// The sign is that of Q in QR with a positive diagonal of R: exactly what Gram-Schmidt gives.
void orthonormalize(std::vector<double>& rows, std::size_t count, std::size_t width) {
  for (std::size_t i = 0; i < count; ++i) {
    double* row = &rows[i * width];
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < i; ++j) {
        const double* other = &rows[j * width];
        const double along = dot(row, other, width);
        for (std::size_t k = 0; k < width; ++k) row[k] -= along * other[k];
      }
    }
    const double norm = std::sqrt(dot(row, row, width));
    for (std::size_t k = 0; k < width; ++k) row[k] /= norm;
  }
}

// The matrix is (rows, columns) with the leading axes flattened; its shorter side is orthonormal.
Tensor make(const Shape& shape, const Json& config, Random& random) {
  const auto columns = static_cast<std::size_t>(shape.rank() > 0 ? shape.back() : 1);
  const std::size_t rows = static_cast<std::size_t>(shape.count()) / std::max<std::size_t>(columns, 1);
  const std::size_t count = std::min(rows, columns);
  const std::size_t width = std::max(rows, columns);
  std::vector<double> basis(count * width);
  for (double& value : basis) value = random.normal();
  orthonormalize(basis, count, width);
  Tensor result(shape);
  const double gain = config.at("gain").get<double>();
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < width; ++k) {
      const std::size_t at = rows <= columns ? i * columns + k : k * columns + i;
      result[static_cast<std::int64_t>(at)] = static_cast<float>(gain * basis[i * width + k]);
    }
  }
  return result;
}

double variance(const Shape& shape, const Json& config) {
  const double gain = config.at("gain").get<double>();
  const double columns = static_cast<double>(shape.back());
  return gain * gain / std::max(columns, static_cast<double>(shape.count()) / columns);
}

}  // namespace

extern const InitializerType orthogonal;
constinit const InitializerType orthogonal{.id = "Orthogonal",
                                           .alias = "orthogonal OrthogonalInitializer",
                                           .defaults = R"({"gain": 1.0, "seed": null})",
                                           .make = make,
                                           .variance = variance};

}  // namespace evenflow::initializers
