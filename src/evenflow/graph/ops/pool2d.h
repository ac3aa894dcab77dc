// Maximum and average pooling of NHWC images.
#pragma once

#include <array>
#include <cstdint>

#include "evenflow/graph.h"
#include "evenflow/tensor/backend/backend.h"

namespace evenflow::ops {

struct Pool2dOptions {
  backend::Pooling kind = backend::Pooling::maximum;
  std::array<std::int64_t, 2> window{2, 2};      // height, width
  std::array<std::int64_t, 2> strides{2, 2};     // height, width
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};  // top, bottom, left, right; padded places do not count
};

// x (batch, height, width, channels) gives (batch, output height, output width, channels).
ValueId pool2d(Graph& graph, ValueId x, const Pool2dOptions& options = {});

}  // namespace evenflow::ops
