// Conv1DTranspose and Conv2DTranspose: the gradient of a convolution as a layer.
#pragma once

#include <algorithm>

#include "evenflow/model/layers/convolution.h"

namespace evenflow::layers {

// One axis. The full result of n places, F[i stride + a dilation] += x[i] w[a], has (n - 1) stride + reach elements;
// the layer gives `length` elements of it from `crop` on, with zeros beyond its end.
struct TransposedAxis {
  std::int64_t length;
  std::int64_t crop;
};

// Keras's rules, which are TensorFlow's; output_padding < 0: none is given.
inline TransposedAxis transposed_axis(std::string_view mode, std::int64_t n, std::int64_t stride, std::int64_t reach,
                                      std::int64_t output_padding) {
  const bool given = output_padding >= 0;
  if (mode == "valid") {
    return {.length = (n - 1) * stride + reach + (given ? output_padding : std::max(reach, stride) - reach), .crop = 0};
  }
  const std::int64_t odd = reach % 2;
  const std::int64_t padding = given ? reach + odd - 2 + output_padding : stride + reach - 2;
  return {.length = given ? (n - 1) * stride + odd + output_padding : n * stride,
          .crop = reach - 1 - std::min(padding / 2 + padding % 2, reach - 1)};
}

inline ValueId transposed_convolution(LayerBuilder& builder, int axes) {
  Graph& graph = builder.graph();
  const Spatial space(builder, axes);
  Window window = window_of(space, "kernel_size", true);
  const std::string mode = padding_mode(builder);
  std::array<std::int64_t, 2> output_padding{-1, -1};
  if (!builder.is_null("output_padding")) output_padding = space.numbers("output_padding", 0, axes == 1 ? -1 : 0);

  std::array<std::int64_t, 2> extent{};  // of the images whose convolution has the input's extent
  std::array<std::int64_t, 4> beyond{};  // zeros after those
  for (std::size_t i = 0; i < 2; ++i) {
    if (output_padding[i] >= window.strides[i]) builder.wrong("output_padding", "must be smaller than the strides");
    const std::int64_t n = space.shape()[1 + static_cast<int>(i)];
    const std::int64_t whole = (n - 1) * window.strides[i] + window.reach(i);
    const TransposedAxis axis = transposed_axis(mode, n, window.strides[i], window.reach(i), output_padding[i]);
    if (axis.length < 1) builder.misfit("the result must have at least one element");
    extent[i] = std::min(axis.length, whole - axis.crop + window.strides[i] - 1);
    beyond[2 * i + 1] = axis.length - extent[i];
    window.pads[2 * i] = axis.crop;
    window.pads[2 * i + 1] = std::max<std::int64_t>(0, whole - axis.crop - extent[i]);
  }

  const ValueId kernel =
      builder.weight("kernel", space.kernel_shape(window.extent, positive(builder, "filters"), space.channels()));
  const ValueId z =
      ops::conv2d_transpose(graph, space.images(), space.kernel(kernel), extent[0], extent[1], conv_options(window));
  return finish_convolution(space, ops::pad2d(graph, z, beyond));
}

}  // namespace evenflow::layers
