// What the dropout layers share.
#pragma once

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {

inline double drop_rate(const LayerBuilder& builder) {
  const double rate = builder.number("rate");
  if (!(rate >= 0 && rate <= 1)) builder.wrong("rate", "must be between 0 and 1");
  return rate;
}

// "noise_shape": along axes of extent 1 all elements are dropped or kept together; null stands for the input's extent.
inline Shape noise_shape(LayerBuilder& builder) {
  Shape shape = builder.shape();
  if (builder.is_null("noise_shape")) return shape;
  const Json& given = builder.config().at("noise_shape");
  if (!given.is_array() || given.size() != static_cast<std::size_t>(shape.rank())) {
    builder.wrong("noise_shape", fmt::format("must be a list of {} extents", shape.rank()));
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const Json& extent = given[static_cast<std::size_t>(axis)];
    if (extent.is_null() || extent == shape[axis]) continue;
    if (extent != 1) builder.misfit(fmt::format("noise_shape {} must hold its extents or 1", printable(given.dump())));
    shape = shape.with(axis, 1);
  }
  return shape;
}

// x with the rate's share of it set to 0 and the rest divided by 1 - rate, decided for each element of `mask`.
inline ValueId drop(LayerBuilder& builder, ValueId x, const Shape& mask) {
  Graph& graph = builder.graph();
  const auto rate = static_cast<float>(drop_rate(builder));
  if (mask == graph.shape(x)) return ops::dropout(graph, x, rate, builder.random_stream());
  const ValueId ones = graph.constant(Tensor(mask, 1.0f));
  return ops::multiply(graph, x, ops::dropout(graph, ones, rate, builder.random_stream()));
}

inline ValueId drop(LayerBuilder& builder, const Shape& mask) {
  drop_rate(builder);
  return builder.training() ? drop(builder, builder.input(), mask) : builder.input();
}

}  // namespace evenflow::layers
