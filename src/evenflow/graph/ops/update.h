// The optimizer's step on one variable.
#pragma once

#include <array>
#include <limits>
#include <vector>

#include "evenflow/graph.h"
#include "evenflow/graph/update_rule.h"

namespace evenflow::ops {

// float32[kUpdateCoefficients]: what `rule` makes of the hyper-parameters and of the step and learning rate in
// StepState. `rule` must outlive every program.
ValueId update_coefficients(Graph& graph, const UpdateRule& rule,
                            const std::array<double, kUpdateHyperparameters>& hyperparameters);

struct UpdateOptions {
  const UpdateRule* rule = nullptr;
  float clip_value = std::numeric_limits<float>::infinity();  // infinity: none
  double weight_decay = 0.0;                                  // decoupled: weights -= weights * decay * learning rate
  bool statistics = false;
};

// Updates weights and slots in place. gradient_scale is a float32 scalar that the gradient is multiplied by, or absent.
// Returns float64[kUpdateStatistics] in the order of UpdateStatistics, absent without options.statistics.
ValueId update(Graph& graph, ValueId weights, ValueId gradient, std::vector<ValueId> slots, ValueId coefficients,
               ValueId gradient_scale, const UpdateOptions& options);

}  // namespace evenflow::ops
