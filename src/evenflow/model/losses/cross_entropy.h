// What the cross-entropies share (spec of Keras: clip to [1e-7, 1 - 1e-7] for probabilities, log-softmax for logits).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "evenflow/graph/row_function.h"

namespace evenflow::losses {

struct ClippedProbability {
  explicit ClippedProbability(double p)
      : value(p < kEpsilon       ? kEpsilon
              : p > 1 - kEpsilon ? 1 - kEpsilon
                                 : p),
        clipped(value != p && p == p) {}
  static constexpr double kEpsilon = 1e-7;
  double value;
  bool clipped;  // then no gradient flows
};

// -sum over classes of target(i) log(clip(p_i / sum p)).
template <class Target>
double negative_log_likelihood(const Row& row, float* gradient, const Target& target) {
  double total = 0;
  for (std::size_t i = 0; i < row.width; ++i) total += row.prediction[i];
  double value = 0;
  double weighted = 0;  // sum of d value / d q_i times q_i, with q = p / total
  for (std::size_t i = 0; i < row.width; ++i) {
    const ClippedProbability q(row.prediction[i] / total);
    value -= target(i) * std::log(q.value);
    if (!q.clipped) weighted -= target(i);
  }
  if (gradient != nullptr) {
    for (std::size_t i = 0; i < row.width; ++i) {
      const ClippedProbability q(row.prediction[i] / total);
      gradient[i] = static_cast<float>(((q.clipped ? 0.0 : -target(i) / q.value) - weighted) / total);
    }
  }
  return value;
}

// -sum over classes of target(i) log_softmax(z)_i.
template <class Target>
double softmax_cross_entropy(const Row& row, float* gradient, const Target& target) {
  double maximum = row.prediction[0];
  for (std::size_t i = 1; i < row.width; ++i) maximum = std::max<double>(maximum, row.prediction[i]);
  double total = 0;
  double targets = 0;
  double product = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double shifted = row.prediction[i] - maximum;
    const double e = std::exp(shifted);
    total += e;
    targets += target(i);
    if (target(i) != 0) product += target(i) * shifted;
    if (gradient != nullptr) gradient[i] = static_cast<float>(e);
  }
  if (gradient != nullptr) {
    for (std::size_t i = 0; i < row.width; ++i)
      gradient[i] = static_cast<float>(gradient[i] / total * targets - target(i));
  }
  return targets * std::log(total) - product;
}

}  // namespace evenflow::losses
