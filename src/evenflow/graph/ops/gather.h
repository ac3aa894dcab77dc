// Rows of a table looked up by number: embeddings.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

// table (rows, width), ids (...) gives (..., width). Ids are cut to integers; one that names no row (NaN included)
// gives a row of NaN and no gradient. The ids themselves have none.
ValueId gather(Graph& graph, ValueId table, ValueId ids);

}  // namespace evenflow::ops
