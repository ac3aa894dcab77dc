// What several layers share: axes, windows over images, merging.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "evenflow/model/layer_type.h"

namespace evenflow {

// Throws unless the input has `rank` axes, the batch included; `wanted` says what they are.
void require_rank(LayerBuilder& builder, int rank, std::string_view wanted);
// For layers with a "data_format".
void require_channels_last(const LayerBuilder& builder);
// `given` as an axis of the first input, counted from 0; the batch axis is refused.
int sample_axis(LayerBuilder& builder, std::string_view key, std::int64_t given);
// An axis, or a list of axes, in ascending order.
std::vector<int> sample_axes(LayerBuilder& builder, std::string_view key);
// A list of `count` integers of at least `least` (one integer: all the same).
std::vector<std::int64_t> integers_from(const LayerBuilder& builder, std::string_view key, std::size_t count,
                                        std::int64_t least);

// A window that slides over an image.
struct Window {
  std::array<std::int64_t, 2> extent{1, 1};  // height, width
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 2> dilation{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};  // top, bottom, left, right
};
// Reads "strides" (null: the window's extent), "padding" and, when `dilated`, "dilation_rate"; checks that the window
// fits into the input, which must be images.
Window window_over_images(LayerBuilder& builder, std::string_view extent_key, bool dilated);

// The inputs folded by `combine`, one after the other. Inputs of lower rank get axes of extent 1 after the batch axis.
ValueId merge(LayerBuilder& builder, ValueId (*combine)(Graph&, ValueId, ValueId));

}  // namespace evenflow
