#include "evenflow/health/theory/signal.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace evenflow::theory {

double Map::mean() const {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(values.size(), 1));
}

Signal Signal::scaled(double factor) const {
  Signal signal = plain();
  signal.moment *= factor;
  signal.mean *= std::sqrt(factor);
  for (double& value : signal.map.values) value *= factor;
  return signal;
}

Signal Signal::plain() const {
  Signal signal = *this;
  signal.activation.reset();
  signal.normalized = false;
  return signal;
}

Flow Flow::times(double factor) const {
  Flow flow = *this;
  flow.log10_square = factor > 0 ? log10_square + std::log10(factor) : kNoFlow;
  return flow;
}

Flow sum(const Flow& a, const Flow& b) {
  if (a.log10_square <= kNoFlow) return b;
  if (b.log10_square <= kNoFlow) return a;
  const double larger = std::max(a.log10_square, b.log10_square);
  const double of_a = std::pow(10.0, a.log10_square - larger);
  const double of_b = std::pow(10.0, b.log10_square - larger);
  Flow flow{.log10_square = larger + std::log10(of_a + of_b)};
  if (a.spread.empty() && b.spread.empty()) return flow;
  flow.spread = a.spread.empty() ? b.spread : a.spread;
  const std::size_t count = flow.spread.values.size();
  const auto share = [count](const Map& map, std::size_t i) {
    return map.values.size() == count ? map.values[i] : 1 / static_cast<double>(count);
  };
  for (std::size_t i = 0; i < count; ++i) {
    flow.spread.values[i] = (of_a * share(a.spread, i) + of_b * share(b.spread, i)) / (of_a + of_b);
  }
  return flow;
}

}  // namespace evenflow::theory
