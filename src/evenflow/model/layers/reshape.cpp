#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::layers {
namespace {

// target_shape with its one -1 replaced by what is left of `count` elements.
Shape target_shape(LayerBuilder& builder, std::int64_t count) {
  const Json& given = builder.config().at("target_shape");
  if (!given.is_array() || given.size() + 1 > Shape::kMaxRank) {
    builder.wrong("target_shape", fmt::format("must be a list of at most {} integers", Shape::kMaxRank - 1));
  }
  std::vector<std::int64_t> extents = builder.integers("target_shape", given.size());
  std::int64_t* open = nullptr;
  std::int64_t known = 1;
  for (std::int64_t& extent : extents) {
    if (extent == -1 && open == nullptr) {
      open = &extent;
    } else if (extent < 1) {
      builder.wrong("target_shape", "must be positive integers, one of them -1 at most");
    } else {
      known = extent > count / known ? count + 1 : known * extent;  // count + 1: too large, whatever follows
    }
  }
  if (open != nullptr && count % known == 0) {
    *open = count / known;
    known = count;
  }
  if (known != count) builder.misfit(fmt::format("target_shape {} cannot hold the elements of a sample", given.dump()));
  return Shape(extents);
}

ValueId build(LayerBuilder& builder) {
  const Shape& shape = builder.shape();
  const Shape target = target_shape(builder, shape.count(1, shape.rank()));
  return ops::reshape(builder.graph(), builder.input(), concatenate(Shape{builder.batch()}, target));
}

}  // namespace

extern const LayerType reshape;
constinit const LayerType reshape{
    .id = "Reshape",
    .summary = "The elements of a sample under another shape",
    .defaults = R"({"target_shape": null})",
    .build = build,
};

}  // namespace evenflow::layers
