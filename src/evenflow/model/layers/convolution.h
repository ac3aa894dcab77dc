// What the convolution layers share.
#pragma once

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"
#include "evenflow/model/spatial.h"

namespace evenflow::layers {

inline std::int64_t positive(const LayerBuilder& builder, std::string_view key) {
  const std::int64_t number = builder.integer(key);
  if (number < 1) builder.wrong(key, "must be at least 1");
  return number;
}

inline ops::Conv2dOptions conv_options(const Window& window, std::int64_t groups = 1) {
  return {.strides = window.strides, .dilation = window.dilation, .groups = groups, .pads = window.pads};
}

// Bias and activation after the convolution proper.
inline ValueId finish_convolution(const Spatial& space, ValueId z) {
  LayerBuilder& builder = space.builder();
  Graph& graph = builder.graph();
  if (builder.flag("use_bias")) z = ops::add(graph, z, builder.weight("bias", {graph.shape(z).back()}));
  z = space.restore(z);
  builder.pre_activation(z);
  return builder.activate(z);
}

inline ValueId convolution(LayerBuilder& builder, int axes) {
  const Spatial space(builder, axes);
  Window window = window_of(space, "kernel_size", true);
  pad_window(space, window, padding_mode(builder, axes == 1));
  const std::int64_t filters = positive(builder, "filters");
  const std::int64_t groups = positive(builder, "groups");
  const std::int64_t channels = space.channels();
  if (channels % groups != 0) builder.misfit(fmt::format("expects channels that {} groups divide", groups));
  if (filters % groups != 0) builder.wrong("filters", fmt::format("must be divisible by the {} groups", groups));
  const ValueId kernel = builder.weight("kernel", space.kernel_shape(window.extent, channels / groups, filters));
  return finish_convolution(
      space, ops::conv2d(builder.graph(), space.images(), space.kernel(kernel), conv_options(window, groups)));
}

// Each channel has `depth_multiplier` filters of its own: a convolution in as many groups as channels. `variable`'s
// (height, width, channels, multiplier) is, seen flat, that convolution's (height, width, 1, filters).
inline ValueId depthwise(const Spatial& space, const Window& window, std::string_view variable) {
  LayerBuilder& builder = space.builder();
  Graph& graph = builder.graph();
  const std::int64_t channels = space.channels();
  const std::int64_t multiplier = positive(builder, "depth_multiplier");
  const ValueId kernel =
      builder.weight(variable, space.kernel_shape(window.extent, channels, multiplier), true, "depthwise");
  return ops::conv2d(graph, space.images(),
                     ops::reshape(graph, kernel, {window.extent[0], window.extent[1], 1, channels * multiplier}),
                     conv_options(window, channels));
}

inline ValueId depthwise_convolution(LayerBuilder& builder, int axes) {
  const Spatial space(builder, axes);
  Window window = window_of(space, "kernel_size", true);
  pad_window(space, window, padding_mode(builder));
  return finish_convolution(space, depthwise(space, window, "kernel"));
}

inline ValueId separable_convolution(LayerBuilder& builder, int axes) {
  Graph& graph = builder.graph();
  const Spatial space(builder, axes);
  Window window = window_of(space, "kernel_size", true);
  pad_window(space, window, padding_mode(builder, axes == 1));
  const ValueId deep = depthwise(space, window, "depthwise_kernel");
  const ValueId pointwise = builder.weight(
      "pointwise_kernel", space.kernel_shape({1, 1}, graph.shape(deep).back(), positive(builder, "filters")), true,
      "pointwise");
  return finish_convolution(space, ops::conv2d(graph, deep, space.kernel(pointwise)));
}

// Keras 2 wrote keys of the plain convolution that these layers do not use.
inline void drop_plain_keys(Json& config, KerasVersion) {
  for (const char* key : {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"}) config.erase(key);
}
inline void drop_groups(Json& config, KerasVersion) {
  const auto groups = config.find("groups");
  if (groups != config.end() && *groups == 1) config.erase(groups);
}

}  // namespace evenflow::layers
