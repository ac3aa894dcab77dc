// The optimizer's step on one variable.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "evenflow/graph.h"
#include "evenflow/graph/update_rule.h"
#include "evenflow/tensor/kernels/exponents.h"

namespace evenflow::ops {

// float32[kUpdateCoefficients]: what `rule` makes of the step and learning rate in StepState. One update is made every
// `steps` steps.
ValueId update_coefficients(Graph& graph, const UpdateRule& rule, std::int64_t steps = 1);

struct UpdateOptions {
  float clip_value = std::numeric_limits<float>::infinity();  // infinity: none
  double weight_decay = 0.0;                                  // decoupled: weights -= weights * decay * learning rate
  bool statistics = false;
  bool exponents = false;  // beside statistics
  std::int64_t steps = 1;  // with gradient accumulation: all steps but the last of so many leave weights and slots

  bool clips() const { return statistics && clip_value < std::numeric_limits<float>::infinity(); }
};

// Absent where not asked for.
struct UpdateOutputs {
  ValueId statistics;  // float64[kUpdateStatistics] in the order of UpdateStatistics
  ValueId
      clipped_squares;  // float64[1]: sum of squares of the gradient after scale and clip_value; only with clip_value
  ValueId exponents;    // float64[kExponentFields]: of the raw gradient, see kernels/exponents.h; zeros not counted
};

// Updates weights and slots in place. gradient_scale is a float32 scalar that the gradient is multiplied by, or absent.
UpdateOutputs update(Graph& graph, const UpdateRule& rule, ValueId weights, ValueId gradient,
                     std::vector<ValueId> slots, ValueId coefficients, ValueId gradient_scale,
                     const UpdateOptions& options);

}  // namespace evenflow::ops
