#include <string>
#include <vector>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

bool is_range(const Json& entry) {
  const auto bound = [](const Json& one) { return one.is_null() || one.is_number_integer(); };
  return entry.is_array() && entry.size() == 2 && bound(entry[0]) && bound(entry[1]);
}

// One entry for every axis: "..." stands for whole axes, and so do entries that are missing.
std::vector<Json> entries(const LayerBuilder& builder, int rank) {
  const Json& key = builder.config().at("key");
  const Json whole = Json::array({nullptr, nullptr});
  std::vector<Json> result;
  std::size_t gap = key.size();
  for (std::size_t i = 0; key.is_array() && i < key.size(); ++i) {
    if (key[i] == "..." && gap == key.size()) {
      gap = result.size();
    } else if (key[i].is_number_integer() || is_range(key[i])) {
      result.push_back(key[i]);
    } else {
      builder.wrong("key", "must be a list of indices, [start, stop] and one \"...\"");
    }
  }
  const auto axes = static_cast<std::size_t>(rank);
  if (!key.is_array() || result.size() > axes) builder.wrong("key", fmt::format("must have at most {} entries", rank));
  const auto at = result.begin() + static_cast<std::ptrdiff_t>(std::min(gap, result.size()));
  result.insert(at, axes - result.size(), whole);
  if (result.front() != whole) builder.wrong("key", "must leave the batch as it is: [null, null] first");
  return result;
}

// As Python has it: from the end when negative, and no further than the ends.
std::int64_t bound(const Json& given, std::int64_t extent, std::int64_t standard) {
  if (given.is_null()) return standard;
  const auto index = given.get<std::int64_t>();
  return std::clamp<std::int64_t>(index < 0 ? index + extent : index, 0, extent);
}

ValueId build(LayerBuilder& builder) {
  Graph& graph = builder.graph();
  const Shape shape = builder.shape();
  ValueId y = builder.input();
  std::vector<std::int64_t> kept;
  const std::vector<Json> key = entries(builder, shape.rank());
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const Json& entry = key[static_cast<std::size_t>(axis)];
    const std::int64_t extent = shape[axis];
    if (entry.is_array()) {
      const std::int64_t begin = bound(entry[0], extent, 0);
      const std::int64_t end = bound(entry[1], extent, extent);
      if (begin >= end) builder.misfit(fmt::format("the range {} of {} elements is empty", entry.dump(), extent));
      y = ops::slice(graph, y, axis, begin, end);
      kept.push_back(end - begin);
    } else {
      const auto given = entry.get<std::int64_t>();
      if (given < -extent || given >= extent) {
        builder.misfit(fmt::format("there is no element {} among {}", given, extent));
      }
      const std::int64_t index = given < 0 ? given + extent : given;
      y = ops::slice(graph, y, axis, index, index + 1);
    }
  }
  return ops::reshape(graph, y, Shape(kept));
}

}  // namespace

extern const LayerType get_item;
constinit const LayerType get_item{
    .id = "GetItem",
    .summary = "Parts of the input, as x[:, -1] and x[:, 2:5] give them",
    .defaults = R"({"key": null})",
    .build = build,
};

}  // namespace evenflow::layers
