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

// a where the mask is 1, b where it is 0.
ValueId choose(Graph& graph, ValueId mask, ValueId a, ValueId b) {
  const ValueId kept = mask_along(graph, mask, a);
  const ValueId gone = ops::subtract(graph, graph.scalar(1.0f), kept);
  return ops::add(graph, ops::multiply(graph, a, kept), ops::multiply(graph, b, gone));
}

// Appends the numbers of nested lists with these extents; false if it is something else.
bool collect(const Json& given, std::span<const std::int64_t> extents, std::vector<float>& values) {
  if (extents.empty()) {
    if (!given.is_number()) return false;
    values.push_back(given.get<float>());
    return true;
  }
  if (!given.is_array() || static_cast<std::int64_t>(given.size()) != extents.front()) return false;
  return std::all_of(given.begin(), given.end(),
                     [&](const Json& inner) { return collect(inner, extents.subspan(1), values); });
}

}  // namespace

void require_rank(LayerBuilder& builder, int rank, std::string_view wanted) {
  if (builder.shape().rank() != rank) builder.misfit(fmt::format("expects {}", wanted));
}

bool channels_first(const LayerBuilder& builder) {
  if (builder.is_null("data_format")) return false;
  const std::string format = builder.text("data_format");
  if (format != "channels_last" && format != "channels_first") {
    builder.wrong("data_format", "must be channels_last or channels_first");
  }
  return format == "channels_first";
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

Tensor tensor_from(const LayerBuilder& builder, std::string_view key) {
  const Json& given = builder.config().at(std::string(key));
  std::vector<std::int64_t> extents;
  for (const Json* level = &given; level->is_array() && !level->empty(); level = &level->front()) {
    extents.push_back(static_cast<std::int64_t>(level->size()));
  }
  std::vector<float> values;
  if (extents.size() > Shape::kMaxRank || !collect(given, extents, values)) {
    builder.wrong(key, "must be a number or nested lists of numbers of equal lengths");
  }
  Tensor tensor{Shape(extents)};
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

ValueId mask_along(Graph& graph, ValueId mask, ValueId x) {
  Shape shape = graph.shape(mask);
  while (shape.rank() < graph.shape(x).rank()) shape = evenflow::concatenate(shape, Shape{1});
  return ops::reshape(graph, mask, shape);
}

ValueId any_mask(LayerBuilder& builder) {
  ValueId result;
  for (std::size_t i = 0; i < builder.inputs().size(); ++i) {
    const ValueId mask = builder.mask(i);
    if (!mask) return {};
    result = result ? ops::maximum(builder.graph(), result, mask) : mask;
  }
  return result;
}

ValueId merge(LayerBuilder& builder, ValueId (*combine)(Graph&, ValueId, ValueId), Masked masked) {
  Graph& graph = builder.graph();
  int rank = 0;
  for (const ValueId input : builder.inputs()) rank = std::max(rank, graph.shape(input).rank());
  ValueId result;
  ValueId result_mask;
  for (std::size_t i = 0; i < builder.inputs().size(); ++i) {
    const ValueId input = builder.inputs()[i];
    const ValueId mask = masked == Masked::themselves ? ValueId{} : builder.mask(i);
    ValueId next = ops::reshape(graph, input, with_rank(graph.shape(input), rank));
    if (result && !broadcasts(graph.shape(result), graph.shape(next))) {
      builder.misfit("the shapes must agree, or be 1 where they differ");
    }
    if (mask && masked == Masked::one) next = choose(graph, mask, next, graph.scalar(1.0f));
    if (mask && masked == Masked::the_other && result) next = choose(graph, mask, next, result);
    if (result && result_mask) result = choose(graph, result_mask, result, next);
    if (masked == Masked::the_other) {
      result_mask = !result ? mask : result_mask && mask ? ops::maximum(graph, result_mask, mask) : ValueId{};
    }
    result = result ? combine(graph, result, next) : next;
  }
  const ValueId mask = any_mask(builder);
  builder.set_mask(mask);
  return mask && masked == Masked::one ? ops::multiply(graph, result, mask_along(graph, mask, result)) : result;
}

}  // namespace evenflow
