#include "evenflow/model/layer_support.h"

#include <algorithm>
#include <string>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"

namespace evenflow {
namespace {

// (n, a) as (n, 1, a) when the others have one axis more.
Shape with_rank(const Shape& shape, int rank) {
  std::vector<std::int64_t> extents(static_cast<std::size_t>(rank), 1);
  extents[0] = shape[0];
  const auto own = shape.dims().subspan(1);
  std::copy(own.begin(), own.end(), extents.end() - static_cast<std::ptrdiff_t>(own.size()));
  return Shape(extents);
}

bool broadcasts(const Shape& a, const Shape& b) {
  for (int axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] != b[axis] && a[axis] != 1 && b[axis] != 1) return false;
  }
  return true;
}

}  // namespace

void require_rank(LayerBuilder& builder, int rank, std::string_view wanted) {
  if (builder.shape().rank() != rank) builder.misfit(fmt::format("expects {}", wanted));
}

void require_channels_last(const LayerBuilder& builder) {
  if (builder.is_null("data_format") || builder.text("data_format") == "channels_last") return;
  if (builder.text("data_format") != "channels_first")
    builder.wrong("data_format", "must be channels_last or channels_first");
  builder.unsupported("data_format", "images are (height, width, channels)");
}

int sample_axis(LayerBuilder& builder, std::string_view key, std::int64_t given) {
  const int rank = builder.shape().rank();
  const std::int64_t axis = given < 0 ? given + rank : given;
  if (axis < 1 || axis >= rank) {
    builder.misfit(fmt::format("{} = {} names an axis other than the batch", key, given));
  }
  return static_cast<int>(axis);
}

std::vector<int> sample_axes(LayerBuilder& builder, std::string_view key) {
  const Json& given = builder.config().at(std::string(key));
  const std::size_t count = given.is_array() ? given.size() : 1;
  std::vector<int> axes;
  for (const std::int64_t axis : builder.integers(key, count)) axes.push_back(sample_axis(builder, key, axis));
  std::sort(axes.begin(), axes.end());
  if (axes.empty() || std::adjacent_find(axes.begin(), axes.end()) != axes.end()) {
    builder.wrong(key, "must be an axis or a list of different axes");
  }
  return axes;
}

std::vector<std::int64_t> integers_from(const LayerBuilder& builder, std::string_view key, std::size_t count,
                                        std::int64_t least) {
  std::vector<std::int64_t> numbers = builder.integers(key, count);
  for (const std::int64_t number : numbers) {
    if (number < least) builder.wrong(key, fmt::format("must be at least {}", least));
  }
  return numbers;
}

Window window_over_images(LayerBuilder& builder, std::string_view extent_key, bool dilated) {
  require_channels_last(builder);
  require_rank(builder, 4, "images (None, height, width, channels)");
  const auto two = [&](std::string_view key) {
    const std::vector<std::int64_t> numbers = integers_from(builder, key, 2, 1);
    return std::array<std::int64_t, 2>{numbers[0], numbers[1]};
  };
  Window window{.extent = two(extent_key)};
  window.strides = builder.is_null("strides") ? window.extent : two("strides");
  if (dilated) window.dilation = two("dilation_rate");
  const std::string padding = lower(builder.text("padding"));
  if (padding != "valid" && padding != "same") builder.wrong("padding", "must be valid or same");
  for (int axis = 0; axis < 2; ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const std::int64_t extent = builder.shape()[1 + axis];
    const std::int64_t effective = (window.extent[i] - 1) * window.dilation[i] + 1;
    if (padding == "valid" && effective > extent) {
      builder.misfit(fmt::format("a window of {} x {} must fit into the image", window.extent[0], window.extent[1]));
    }
    const Padding amounts = keras_padding(padding, extent, window.extent[i], window.strides[i], window.dilation[i]);
    window.pads[2 * i] = amounts.before;
    window.pads[2 * i + 1] = amounts.after;
  }
  return window;
}

ValueId merge(LayerBuilder& builder, ValueId (*combine)(Graph&, ValueId, ValueId)) {
  Graph& graph = builder.graph();
  int rank = 0;
  for (const ValueId input : builder.inputs()) rank = std::max(rank, graph.shape(input).rank());
  ValueId result;
  for (const ValueId input : builder.inputs()) {
    const ValueId next = ops::reshape(graph, input, with_rank(graph.shape(input), rank));
    if (result && !broadcasts(graph.shape(result), graph.shape(next))) {
      builder.misfit("the shapes must agree, or be 1 where they differ");
    }
    result = result ? combine(graph, result, next) : next;
  }
  return result;
}

}  // namespace evenflow
