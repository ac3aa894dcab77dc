// Elements of one axis as weighted sums of others: enlargement of images by repetition or interpolation.
#pragma once

#include <cstdint>
#include <vector>

#include "evenflow/graph.h"

namespace evenflow::ops {

// A sparse matrix, row by row.
struct ResampleRows {
  struct Tap {
    std::int64_t source;
    float weight;
  };
  std::vector<std::vector<Tap>> rows;
  std::int64_t sources = 0;  // columns
};

// y[..., i, ...] = sum over the taps of row i of weight x[..., source, ...].
ValueId resample(Graph& graph, ValueId x, int axis, ResampleRows matrix);

}  // namespace evenflow::ops
