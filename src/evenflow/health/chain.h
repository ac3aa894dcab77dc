// The way that the gradient takes through a model.
#pragma once

#include <cstddef>
#include <vector>

#include "evenflow/model.h"

namespace evenflow {

struct Chain {
  std::vector<std::size_t> layers;  // from an input to the output through the most kernels (then the most layers)
  std::vector<std::size_t> path;    // those of them that have a kernel
  // By layer: does every connection from the inputs to the output pass through it? Only there may gradients be
  // rescaled, because each contribution to a gradient must get the same factors.
  std::vector<char> cut;
};

// has_kernel: by layer.
Chain find_chain(const Model& model, const std::vector<char>& has_kernel);

}  // namespace evenflow
