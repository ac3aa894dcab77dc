// Losses and metrics: one number per row (all axes but the last), averaged.
#pragma once

#include <array>

#include "evenflow/graph.h"
#include "evenflow/graph/row_function.h"

namespace evenflow::ops {

// The mean over rows of function(target row, prediction row), a scalar. prediction is (..., width), target the same or
// (..., 1) or (...) for class indices. Value and gradient are computed in one pass; none flows to the target.
// Each of `weights` has the first axes of the prediction as its shape; a row counts with the product of its weights
// (the divisor stays the number of rows).
ValueId row_loss(Graph& graph, ValueId target, ValueId prediction, const RowFunction& function,
                 const std::array<double, kRowParameters>& parameters = {}, std::vector<ValueId> weights = {});

// The same without gradient; `root`: the square root of the mean.
ValueId row_metric(Graph& graph, ValueId target, ValueId prediction, const RowFunction& function,
                   const std::array<double, kRowParameters>& parameters = {}, bool root = false,
                   std::vector<ValueId> weights = {});

// The mask times (elements / sum of the mask): as a weight it makes a mean over rows one over the rows that count.
// All zeros stay zeros. No gradient.
ValueId mask_weights(Graph& graph, ValueId mask);

}  // namespace evenflow::ops
