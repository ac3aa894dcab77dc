#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

// "axis": those along which the numbers differ; an empty list: one number for all.
std::vector<int> kept(LayerBuilder& builder) {
  const Json& axis = builder.config().at("axis");
  return axis.is_array() && axis.empty() ? std::vector<int>{} : sample_axes(builder, "axis");
}

std::vector<std::int64_t> kept_extents(LayerBuilder& builder) {
  std::vector<std::int64_t> extents;
  for (const int axis : kept(builder)) extents.push_back(builder.shape()[axis]);
  return extents;
}

// The input's shape with 1 for all other axes.
Shape kept_axes(LayerBuilder& builder) {
  std::vector<std::int64_t> extents(static_cast<std::size_t>(builder.shape().rank()), 1);
  for (const int axis : kept(builder)) extents[static_cast<std::size_t>(axis)] = builder.shape()[axis];
  return Shape(extents);
}

// Numbers of the configuration, whose axes are the last of the kept ones.
ValueId given(LayerBuilder& builder, std::string_view key) {
  Tensor numbers = tensor_from(builder, key);
  const std::vector<int> axes = kept(builder);
  const auto missing = static_cast<int>(axes.size()) - numbers.shape().rank();
  std::vector<std::int64_t> extents(static_cast<std::size_t>(builder.shape().rank()), 1);
  for (int i = 0; i < numbers.shape().rank(); ++i) {
    const int axis = missing < 0 ? 0 : axes[static_cast<std::size_t>(i + missing)];
    const std::int64_t extent = numbers.shape()[i];
    if (missing < 0 || (extent != 1 && extent != builder.shape()[axis])) {
      builder.misfit(fmt::format("{} of shape {} must fit the axes that are kept", key, to_string(numbers.shape())));
    }
    extents[static_cast<std::size_t>(axis)] = extent;
  }
  Graph& graph = builder.graph();
  return ops::reshape(graph, graph.constant(std::move(numbers)), Shape(extents));
}

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const Shape kept = kept_axes(builder);
  ValueId mean;
  ValueId variance;
  if (builder.is_null("mean") != builder.is_null("variance")) {
    builder.wrong(builder.is_null("mean") ? "mean" : "variance", "must be given together with the other of the two");
  }
  if (builder.is_null("mean")) {
    Shape learned;
    for (const std::int64_t extent : kept_extents(builder)) learned = evenflow::concatenate(learned, Shape{extent});
    mean = ops::reshape(graph, builder.weight("mean", learned, false), kept);
    variance = ops::reshape(graph, builder.weight("variance", learned, false), kept);
    builder.weight("count", Shape{}, false);  // of samples: an integer that nothing reads
  } else {
    mean = given(builder, "mean");
    variance = given(builder, "variance");
  }
  // 1 / max(deviation, 1e-7)
  const ValueId inverse = ops::inverse_root(graph, ops::maximum(graph, variance, graph.scalar(1e-14f)));
  if (builder.flag("invert")) return ops::add(graph, ops::divide(graph, builder.input(), inverse), mean);
  return ops::multiply(graph, ops::subtract(graph, builder.input(), mean), inverse);
}

}  // namespace

extern const LayerType normalization;
constinit const LayerType normalization{
    .id = "Normalization",
    .summary = "(x - mean) / deviation with numbers that are given or were learned from data",
    .defaults = R"({"axis": -1, "mean": null, "variance": null, "invert": false,
                    "mean_initializer": "zeros", "variance_initializer": "ones", "count_initializer": "zeros"})",
    .build = build,
    .passes_mask = true,
};

}  // namespace evenflow::layers
