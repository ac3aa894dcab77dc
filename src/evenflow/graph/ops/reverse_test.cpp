#include "evenflow/graph/ops/reverse.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(Reverse, MirrorsAnAxis) {
  Random random(1);
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Shape shape = random_shape(random, 3, 5);
    const auto axis = static_cast<int>(random.below(3));
    OperatorCase one;
    one.shapes = {shape};
    one.build = [=](Graph& graph, std::span<const ValueId> in) { return reverse(graph, in[0], axis - 3); };
    one.twin = [=](std::span<const Doubles> in) {
      Doubles result(in[0].size());
      for (std::size_t i = 0; i < result.size(); ++i) {
        Index index = unravel(i, shape);
        auto& coordinate = index[static_cast<std::size_t>(axis)];
        coordinate = shape[axis] - 1 - coordinate;
        result[i] = in[0][ravel(index, shape)];
      }
      return result;
    };
    check_operator(one, seed);
  }
}

}  // namespace
}  // namespace evenflow::ops
