// How far an optimizer moves a weight per step, as a function of the gradient alone.
#pragma once

#include <vector>

#include "evenflow/model.h"

namespace evenflow {

// The learning rate that training starts with: of the first step, or of the end of a warm-up from zero.
double initial_learning_rate(const Item& optimizer);

// OptimizerType::steady_update, tabulated: a probe asks for every element of every kernel. Between the table's points,
// eighths of an octave, it is interpolated along straight lines of logarithms: exact for SGD, and within 0.03 % for
// g / (g + epsilon). Gradients may have sizes far beyond float32.
class SteadyUpdate {
 public:
  // `optimizer` as choose_optimizer gives it.
  explicit SteadyUpdate(const Item& optimizer);
  double operator()(double gradient) const;  // gradient >= 0

 private:
  std::vector<double> log2_update_;
};

}  // namespace evenflow
