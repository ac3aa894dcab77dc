// Dropout: N. Srivastava et al., JMLR 15 (2014), in the inverted form: kept elements are divided by 1 - rate.
#pragma once

#include <cstdint>

#include "evenflow/graph.h"

namespace evenflow::ops {

// 0 <= rate <= 1; rate 0 gives x itself. The mask is a function of the run's seed, `stream`, the step and the element.
ValueId dropout(Graph& graph, ValueId x, float rate, std::uint64_t stream);

}  // namespace evenflow::ops
