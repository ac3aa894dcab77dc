#include "evenflow/model/spatial.h"

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow {

Spatial::Spatial(LayerBuilder& builder, int axes)
    : builder_(builder), axes_(axes), channels_first_(channels_first(builder)), images_(builder.input()) {
  const char* wanted[2][2] = {{"sequences (None, steps, channels)", "sequences (None, channels, steps)"},
                              {"images (None, height, width, channels)", "images (None, channels, height, width)"}};
  require_rank(builder, axes + 2, wanted[axes - 1][channels_first_]);
  Graph& graph = builder.graph();
  if (channels_first_) {
    images_ = ops::transpose(graph, images_, axes == 1 ? std::vector{0, 2, 1} : std::vector{0, 2, 3, 1});
  }
  const Shape own = graph.shape(images_);
  if (axes == 1) images_ = ops::reshape(graph, images_, {own[0], 1, own[1], own[2]});
}

ValueId Spatial::restore(ValueId images) const {
  Graph& graph = builder_.graph();
  const Shape shape = graph.shape(images);
  if (axes_ == 1) images = ops::reshape(graph, images, {shape[0], shape[2], shape[3]});
  if (!channels_first_) return images;
  return ops::transpose(graph, images, axes_ == 1 ? std::vector{0, 2, 1} : std::vector{0, 3, 1, 2});
}

ValueId Spatial::restore_global(ValueId images, bool keepdims) const {
  return keepdims ? restore(images) : ops::reshape(builder_.graph(), images, {shape()[0], channels()});
}

std::array<std::int64_t, 2> Spatial::numbers(std::string_view key, std::int64_t least, std::int64_t height) const {
  const std::vector<std::int64_t> given = integers_from(builder_, key, static_cast<std::size_t>(axes_), least);
  return {axes_ == 1 ? height : given.front(), given.back()};
}

Shape Spatial::kernel_shape(const std::array<std::int64_t, 2>& extent, std::int64_t a, std::int64_t b) const {
  return axes_ == 1 ? Shape{extent[1], a, b} : Shape{extent[0], extent[1], a, b};
}

ValueId Spatial::kernel(ValueId variable) const {
  if (axes_ == 2) return variable;
  Graph& graph = builder_.graph();
  return ops::reshape(graph, variable, evenflow::concatenate(Shape{1}, graph.shape(variable)));
}

Window window_of(const Spatial& space, std::string_view extent_key, bool dilated) {
  const LayerBuilder& builder = space.builder();
  Window window{.extent = space.numbers(extent_key, 1)};
  window.strides = builder.is_null("strides") ? window.extent : space.numbers("strides", 1);
  if (dilated) window.dilation = space.numbers("dilation_rate", 1);
  const bool strided = window.strides[0] > 1 || window.strides[1] > 1;
  if (strided && (window.dilation[0] > 1 || window.dilation[1] > 1)) {
    builder.wrong("dilation_rate", "must be 1 where the strides are not");
  }
  return window;
}

std::string padding_mode(const LayerBuilder& builder, bool causal) {
  std::string mode = lower(builder.text("padding"));
  if (mode != "valid" && mode != "same" && !(causal && mode == "causal")) {
    builder.wrong("padding", causal ? "must be valid, same or causal" : "must be valid or same");
  }
  return mode;
}

void pad_window(const Spatial& space, Window& window, std::string_view mode) {
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t extent = space.shape()[1 + static_cast<int>(i)];
    if (mode == "valid" && window.reach(i) > extent) {
      space.builder().misfit(
          space.axes() == 1
              ? fmt::format("a window of {} must fit into the sequence", window.extent[1])
              : fmt::format("a window of {} x {} must fit into the image", window.extent[0], window.extent[1]));
    }
    const Padding amounts = mode == "causal"
                                ? Padding{.before = window.reach(i) - 1}
                                : keras_padding(mode, extent, window.extent[i], window.strides[i], window.dilation[i]);
    window.pads[2 * i] = amounts.before;
    window.pads[2 * i + 1] = amounts.after;
  }
}

}  // namespace evenflow
