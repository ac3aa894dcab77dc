#include <array>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {
namespace {

constexpr std::int64_t kMost = 1 << 20;

std::int64_t amount(LayerBuilder& builder, const Json& given) {
  const std::int64_t rows = given.is_number_integer() ? given.get<std::int64_t>() : -1;
  if (rows < 0 || rows > kMost)
    builder.wrong("padding", "must be n, [rows, columns] or [[top, bottom], [left, right]]");
  return rows;
}

// Top, bottom, left, right.
std::array<std::int64_t, 4> pads(LayerBuilder& builder) {
  const Json& given = builder.config().at("padding");
  std::array<std::int64_t, 4> result{};
  const bool both = given.is_array() && given.size() == 2;
  for (std::size_t i = 0; i < 2; ++i) {
    const Json& axis = both ? given[i] : given;
    const bool sides = both && axis.is_array() && axis.size() == 2;
    for (std::size_t side = 0; side < 2; ++side) result[2 * i + side] = amount(builder, sides ? axis[side] : axis);
  }
  return result;
}

ValueId build(LayerBuilder& builder) {
  require_channels_last(builder);
  require_rank(builder, 4, "images (None, height, width, channels)");
  return ops::pad2d(builder.graph(), builder.input(), pads(builder));
}

}  // namespace

extern const LayerType zero_padding2d;
constinit const LayerType zero_padding2d{
    .id = "ZeroPadding2D",
    .summary = "Zeros around images",
    .defaults = R"({"padding": 1, "data_format": "channels_last"})",
    .build = build,
};

}  // namespace evenflow::layers
