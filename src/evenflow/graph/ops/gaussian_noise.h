// Additive noise.
#pragma once

#include <cstdint>

#include "evenflow/graph.h"

namespace evenflow::ops {

// y = x + deviation * normal(0, 1); deviation 0 gives x itself. The noise is a function of the run's seed, `stream`,
// the step and the element.
ValueId gaussian_noise(Graph& graph, ValueId x, float deviation, std::uint64_t stream);

}  // namespace evenflow::ops
