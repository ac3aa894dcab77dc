#include "evenflow/graph/ops/constrain.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "evenflow/error.h"
#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

Tensor constrained(const Tensor& weights, const std::function<void(Graph&, ValueId)>& add) {
  Graph graph;
  add(graph, graph.parameter("w", weights.shape()));
  ParameterStore store;
  store["w"] = weights;
  run_graph(std::move(graph), {}, store.options());
  return store["w"];
}

Tensor bounded(const Tensor& weights, const NormBounds& bounds) {
  return constrained(weights, [&](Graph& graph, ValueId w) { bound_norms(graph, w, bounds); });
}

// By hand, in double precision: norms over the axes with reduced[axis].
void expect_bounded(const Shape& shape, const NormBounds& bounds, const std::vector<bool>& reduced) {
  Random random(3);
  Tensor w(shape);
  for (float& v : w.values()) v = static_cast<float>(random.normal());
  const auto group = [&](std::int64_t i) {
    std::int64_t id = 0;
    for (int a = shape.rank() - 1, stride = 1; a >= 0; --a) {
      if (!reduced[static_cast<std::size_t>(a)]) {
        id += i % shape[a] * stride;
        stride *= static_cast<int>(shape[a]);
      }
      i /= shape[a];
    }
    return static_cast<std::size_t>(id);
  };
  Doubles squares(static_cast<std::size_t>(shape.count()), 0.0);
  for (std::int64_t i = 0; i < w.count(); ++i) squares[group(i)] += std::pow(static_cast<double>(w[i]), 2);
  const Tensor result = bounded(w, bounds);
  for (std::int64_t i = 0; i < w.count(); ++i) {
    const double n = std::sqrt(squares[group(i)]);
    const double to = bounds.rate * std::clamp(n, bounds.minimum, bounds.maximum) + (1 - bounds.rate) * n;
    EXPECT_NEAR(static_cast<double>(result[i]), static_cast<double>(w[i]) * to / (1e-7 + n), 1e-6) << i;
  }
}

TEST(BoundNorms, OverAnyAxes) {
  expect_bounded({5, 3}, {.maximum = 1.5}, {true, false});
  expect_bounded({5, 3}, {.minimum = 1, .maximum = 1, .axes = {-1}}, {false, true});
  expect_bounded({2, 3, 4, 5}, {.minimum = 2, .maximum = 3, .rate = 0.3, .axes = {0, 1, 2}}, {true, true, true, false});
  expect_bounded({2, 3, 4}, {.maximum = 0.5, .axes = {1}}, {false, true, false});
  expect_bounded({6}, {.maximum = 0.5}, {true});
}

TEST(BoundNorms, ZerosStay) {
  EXPECT_EQ(bounded(Tensor({2, 2}), {.minimum = 1, .maximum = 1}), Tensor({2, 2}));
}

TEST(BoundNorms, RefusesAnAxisThatIsNotThere) {
  Graph graph;
  EXPECT_THROW(bound_norms(graph, graph.parameter("w", {2, 3}), {.axes = {2}}), Error);
}

TEST(ClearNegative, KeepsTheRest) {
  const float nan = std::nanf("");
  const Tensor w = constrained(Tensor({4}, {1, -2, 0, nan}), clear_negative);
  EXPECT_EQ(w[0], 1);
  EXPECT_EQ(w[1], 0);
  EXPECT_EQ(w[2], 0);
  EXPECT_TRUE(std::isnan(w[3]));
}

}  // namespace
}  // namespace evenflow::ops
