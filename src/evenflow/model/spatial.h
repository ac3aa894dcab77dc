// Layers that slide over one or two spatial axes. They all see images (batch, height, width, channels): a sequence is
// an image of height 1, and channels_first is transposed on the way in and back on the way out.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "evenflow/model/layer_type.h"

namespace evenflow {

class Spatial {
 public:
  // Throws unless the builder's input has `axes` (1 or 2) spatial axes.
  Spatial(LayerBuilder& builder, int axes);

  LayerBuilder& builder() const { return builder_; }
  int axes() const { return axes_; }
  ValueId images() const { return images_; }
  Shape shape() const { return builder_.graph().shape(images_); }
  std::int64_t channels() const { return shape().back(); }
  // Images in the layer's own form.
  ValueId restore(ValueId images) const;
  // What is left of images without their spatial axes: (batch, 1, 1, channels), or (batch, channels).
  ValueId restore_global(ValueId images, bool keepdims) const;

  // One number per spatial axis as {height, width}; a missing height is `height`.
  std::array<std::int64_t, 2> numbers(std::string_view key, std::int64_t least, std::int64_t height = 1) const;
  // A kernel (height, width, ...) from a variable that has one or two spatial axes, and the variable's shape.
  ValueId kernel(ValueId variable) const;
  Shape kernel_shape(const std::array<std::int64_t, 2>& extent, std::int64_t a, std::int64_t b) const;

 private:
  LayerBuilder& builder_;
  int axes_;
  bool channels_first_;
  ValueId images_;
};

// A window that slides over images.
struct Window {
  std::array<std::int64_t, 2> extent{1, 1};  // height, width
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 2> dilation{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};  // top, bottom, left, right

  std::int64_t reach(std::size_t axis) const { return (extent[axis] - 1) * dilation[axis] + 1; }
};

// Reads "strides" (null: the window's extent) and, when `dilated`, "dilation_rate".
Window window_of(const Spatial& space, std::string_view extent_key, bool dilated);
// "valid" or "same" in lower case, or "causal" where allowed.
std::string padding_mode(const LayerBuilder& builder, bool causal = false);
// Sets the pads for that padding; a window must fit into what it slides over.
void pad_window(const Spatial& space, Window& window, std::string_view mode);

}  // namespace evenflow
