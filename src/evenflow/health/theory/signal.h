// What theory knows about a tensor on its way forward (Signal) and about the gradient on its way back (Flow).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evenflow/model/activation_function.h"

namespace evenflow::theory {

// A number for every position of an image (height x width), or of a sequence (1 x time). Kept only where padding makes
// the positions differ.
struct Map {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::vector<double> values;
  bool empty() const { return values.empty(); }
  double mean() const;
};

struct Signal {
  double moment = 1;        // E[a^2] over units and positions
  double mean = 0;          // E[a] over units
  double correlation = 0;   // E[a a'] / E[a^2] for two samples
  Map map;                  // E[a^2] by position; empty: the same everywhere
  bool normalized = false;  // by the batch's statistics, just before
  // The last step was this activation of Gaussian values of variance q.
  std::optional<ActivationChoice> activation;
  double q = 0;

  double variance_across_samples() const { return moment * (1 - correlation); }
  Signal scaled(double factor) const;  // the tensor times sqrt(factor)
  Signal plain() const;                // forgets where it came from
};

// The squared norm of the gradient of a tensor: its log10, which has no limits, and how it is spread over positions.
struct Flow {
  double log10_square = 0;
  Map spread;  // shares, sum 1; empty: even

  Flow times(double factor) const;  // of the squared norm
};
// Gradients that arrive on two ways and know nothing of each other: squared norms add.
Flow sum(const Flow& a, const Flow& b);
inline constexpr double kNoFlow = -1e300;  // log10_square of a gradient that is zero

}  // namespace evenflow::theory
