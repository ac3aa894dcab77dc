// Gradients back through time (spec/theory, section 2.9).
#pragma once

#include <vector>

#include "evenflow/model/activation_function.h"

namespace evenflow::theory {

// Second moments of what adds up to a pre-activation.
struct Drive {
  double input = 0;      // fan-in E[w^2] E[x^2] of the input's weights
  double recurrent = 1;  // fan-in E[w^2] of the recurrent weights
  double bias = 0;
};

struct TimeFlow {
  // log10 of |dL/ds_t| over |dL/ds_T| by t = 0..T, for a loss on the last state s_T.
  std::vector<double> decades;
  std::vector<double> state_moments;  // E[h_t^2], t = 1..T
  double per_step() const;            // least-squares slope over t = T/10..T, toward the past
};

// h_t = f(W x_t + U h_{t-1} + b), E[h_0^2] = start.
TimeFlow simple_rnn(const ActivationChoice& activation, const Drive& drive, int steps, double start = 0);

// The states of gated layers: tied weights add the two paths through a step coherently, so amplitudes and not squares
// are multiplied. Means over the gates by a fixed-seed Monte Carlo of `cells` cells. Biases: means of the gates'.
TimeFlow lstm(const Drive& drive, double forget_bias, int steps, int cells = 4000);
TimeFlow gru(const Drive& drive, double update_bias, int steps, int cells = 4000);

}  // namespace evenflow::theory
