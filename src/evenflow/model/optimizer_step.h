// An optimizer as nodes of a training step.
#pragma once

#include <span>
#include <vector>

#include "evenflow/graph.h"
#include "evenflow/model.h"
#include "evenflow/model/lowering.h"

namespace evenflow {

// A trainable parameter with its gradient, which is absent when the loss does not depend on it.
struct Trained {
  const ParameterInfo* info;
  ValueId weights;
  ValueId gradient;
};

// Adds what one `apply` of a Keras optimizer does, in its order: gradient accumulation, clipping, weight decay and
// update, moving averages, constraints. `optimizer` is complete (choose_optimizer). Returns what it keeps; for the
// graph's outputs see TrainingStep.
std::vector<TrainingStep::Slot> add_optimizer_step(Graph& graph, const Item& optimizer, std::vector<Trained> trained,
                                                   StatisticsLevel statistics);

}  // namespace evenflow
