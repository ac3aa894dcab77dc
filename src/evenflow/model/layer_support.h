// What several layers share: axes, numbers, merging.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "evenflow/model/layer_type.h"

namespace evenflow {

// Throws unless the input has `rank` axes, the batch included; `wanted` says what they are.
void require_rank(LayerBuilder& builder, int rank, std::string_view wanted);
// What the layer's "data_format" says.
bool channels_first(const LayerBuilder& builder);
// `given` as an axis of the first input, counted from 0; the batch axis is refused.
int sample_axis(LayerBuilder& builder, std::string_view key, std::int64_t given);
// An axis, or a list of axes, in ascending order.
std::vector<int> sample_axes(LayerBuilder& builder, std::string_view key);
// A list of `count` integers of at least `least` (one integer: all the same).
std::vector<std::int64_t> integers_from(const LayerBuilder& builder, std::string_view key, std::size_t count,
                                        std::int64_t least);
// A number, or nested lists of numbers.
Tensor tensor_from(const LayerBuilder& builder, std::string_view key);

// A mask over the first axes of x, with axes of extent 1 for the others.
ValueId mask_along(Graph& graph, ValueId mask, ValueId x);
// The mask that has a 1 where one of the inputs' masks has; absent unless all inputs have masks.
ValueId any_mask(LayerBuilder& builder);

// What stands in for masked elements of an input when inputs are folded, as Keras has it.
enum class Masked : std::uint8_t { themselves, one, the_other };
// The inputs folded by `combine`, one after the other. Inputs of lower rank get axes of extent 1 after the batch axis.
ValueId merge(LayerBuilder& builder, ValueId (*combine)(Graph&, ValueId, ValueId), Masked masked = Masked::themselves);

}  // namespace evenflow
