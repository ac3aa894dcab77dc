#include "evenflow/graph/ops/inverse_root.h"

#include <cmath>

#include "evenflow/graph/ops/unary.h"

namespace evenflow::ops {
namespace {

void forward(const float* x, float* y, std::size_t count, const UnaryParameters& parameters) {
  for (std::size_t i = 0; i < count; ++i) y[i] = 1.0f / std::sqrt(x[i] + parameters.values[0]);
}
void backward(const float*, const float* y, const float* dy, float* dx, std::size_t count, const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = -0.5f * dy[i] * y[i] * y[i] * y[i];
}
constexpr UnaryFunction kInverseRoot{"inverse_root", forward, backward, false, true};

}  // namespace

ValueId inverse_root(Graph& graph, ValueId x, float epsilon) {
  return unary(graph, x, kInverseRoot, {{epsilon}});
}

}  // namespace evenflow::ops
