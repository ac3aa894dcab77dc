// Layer normalization: J. L. Ba, J. R. Kiros, G. E. Hinton, arXiv:1607.06450.
#pragma once

#include "evenflow/graph.h"

namespace evenflow::ops {

struct LayerNormalizationOptions {
  int axis = -1;  // statistics are taken jointly over the axes from this one to the last
  float epsilon = 1e-3f;
  bool centered = true;  // false: the mean is taken as 0 (B. Zhang, R. Sennrich, arXiv:1910.07467)
};

// y = gamma (x - mean) / sqrt(variance + epsilon) + beta. gamma and beta have the shape of the normalized axes; either
// may be absent.
ValueId layer_normalization(Graph& graph, ValueId x, ValueId gamma, ValueId beta,
                            const LayerNormalizationOptions& options = {});

}  // namespace evenflow::ops
