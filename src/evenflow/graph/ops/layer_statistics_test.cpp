#include "evenflow/graph/ops/layer_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/unary.h"

namespace evenflow::ops {
namespace {

void leaky_forward(const float* x, float* y, std::size_t count, const UnaryParameters& p) {
  for (std::size_t i = 0; i < count; ++i) y[i] = x[i] > 0 ? x[i] : p.values[0] * x[i];
}
void leaky_backward_of_z(const float* x, const float*, const float* dy, float* dx, std::size_t count,
                         const UnaryParameters& p) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = (x[i] > 0 ? 1.0f : p.values[0]) * dy[i];
}
void leaky_backward_of_y(const float*, const float* y, const float* dy, float* dx, std::size_t count,
                         const UnaryParameters& p) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = (y[i] > 0 ? 1.0f : p.values[0]) * dy[i];
}
constexpr UnaryFunction kOfZ{"of z", leaky_forward, leaky_backward_of_z, true, false};
constexpr UnaryFunction kOfY{"of y", leaky_forward, leaky_backward_of_y, false, true};

Doubles measured(const Shape& shape, const Doubles& z, const UnaryFunction& function, float negative_slope) {
  const UnaryParameters parameters{{negative_slope}};
  Graph graph;
  const ValueId in = graph.input("z", shape);
  const ValueId y = unary(graph, in, function, parameters);
  graph.output("s", layer_statistics(graph, y, in, {.function = &function, .parameters = parameters, .above = 2}));
  return run_graph(std::move(graph), {{"z", z}}).at("s");
}

TEST(LayerStatistics, OfASmallLayerByHand) {
  // Two samples, three units: (1, -1, 3) and (1, -1, -3) under relu.
  for (const UnaryFunction* function : {&kOfZ, &kOfY}) {
    const Doubles s = measured({2, 3}, {1, -1, 3, 1, -1, -3}, *function, 0.0f);
    ASSERT_EQ(s.size(), kLayerStatisticsSize);
    EXPECT_EQ(s[0], 6);
    EXPECT_DOUBLE_EQ(s[1], 11);                    // 1 + 9 + 1
    EXPECT_NEAR(s[2], 2.25 / 3, 1e-6);             // only the last unit differs
    EXPECT_NEAR(s[3], 1 / std::sqrt(10.0), 1e-6);  // of (1, 0, 3) and (1, 0, 0)
    EXPECT_EQ((Doubles(s.begin() + 4, s.end())), (Doubles{0, 3, 3, 1, 1}));
  }
}

TEST(LayerStatistics, LargeLayersAreDoneInChunks) {
  const std::size_t units = 30000;  // more than a chunk
  Doubles z(2 * units, -1.0);
  for (std::size_t u = 0; u < units; u += 3) z[(u % 2) * units + u] = 4;
  const Doubles s = measured({2, 100, 300}, z, kOfY, 0.5f);
  EXPECT_EQ(s[5], 10000 + 0.5 * 50000);
  EXPECT_EQ(s[6], 10000 + 0.25 * 50000);
  EXPECT_EQ(s[7], 10000);
  EXPECT_EQ(s[8], 0);
}

TEST(LayerStatistics, WithoutAnActivationThereAreNoSlopes) {
  Graph graph;
  const ValueId y = graph.input("y", {2, 2});
  graph.output("s", layer_statistics(graph, y, {}, {}));
  const Doubles s = run_graph(std::move(graph), {{"y", {1, 0, 0, 1}}}).at("s");
  EXPECT_EQ(s, (Doubles{4, 2, 0.25, 0, 0, 0, 0, 0, 0}));
}

TEST(LayerStatistics, AScalarIsAnError) {
  Graph graph;
  EXPECT_EQ(error_of([&] { layer_statistics(graph, graph.input("y", Shape{}), {}, {}); }),
            "layer_statistics: a scalar has no samples");
}

}  // namespace
}  // namespace evenflow::ops
