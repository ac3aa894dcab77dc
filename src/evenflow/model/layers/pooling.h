// What the pooling layers share.
#pragma once

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/spatial.h"

namespace evenflow::layers {

inline ValueId pooling(LayerBuilder& builder, int axes, backend::Pooling kind) {
  const Spatial space(builder, axes);
  Window window = window_of(space, "pool_size", false);
  pad_window(space, window, padding_mode(builder));
  return space.restore(
      ops::pool2d(builder.graph(), space.images(),
                  {.kind = kind, .window = window.extent, .strides = window.strides, .pads = window.pads}));
}

inline ValueId global_max_pooling(LayerBuilder& builder, int axes) {
  const Spatial space(builder, axes);
  const std::array<std::int64_t, 2> whole{space.shape()[1], space.shape()[2]};
  const ValueId y = ops::pool2d(builder.graph(), space.images(),
                                {.kind = backend::Pooling::maximum, .window = whole, .strides = whole});
  return space.restore_global(y, builder.flag("keepdims"));
}

}  // namespace evenflow::layers
