#include "evenflow/graph/ops/gaussian_noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/scale.h"

namespace evenflow::ops {
namespace {

constexpr std::int64_t kCount = 100000;

Doubles noise(float deviation, std::uint64_t stream, const StepState& state, bool fused = true) {
  Graph graph;
  const ValueId x = scale(graph, graph.input("x", {kCount}), 2.0f);
  graph.output("y", gaussian_noise(graph, x, deviation, stream));
  return run_graph(std::move(graph), {{"x", Doubles(kCount, 1.0)}}, {.fuse = fused}, state).at("y");
}

TEST(GaussianNoise, HasItsDeviation) {
  const Doubles y = noise(0.5f, 1, {.seed = 2});
  const double mean = std::accumulate(y.begin(), y.end(), 0.0) / kCount;
  double variance = 0;
  for (const double v : y) variance += (v - mean) * (v - mean) / kCount;
  EXPECT_NEAR(mean, 2, 4 * 0.5 / std::sqrt(kCount));
  EXPECT_NEAR(variance, 0.25, 4 * 0.25 * std::sqrt(2.0 / kCount));
}

TEST(GaussianNoise, IsAFunctionOfSeedStreamAndStep) {
  const Doubles y = noise(1, 1, {.seed = 2, .step = 4});
  EXPECT_EQ(noise(1, 1, {.seed = 2, .step = 4}, false), y);
  EXPECT_NE(noise(1, 1, {.seed = 3, .step = 4}), y);
  EXPECT_NE(noise(1, 2, {.seed = 2, .step = 4}), y);
  EXPECT_NE(noise(1, 1, {.seed = 2, .step = 5}), y);
}

TEST(GaussianNoise, PassesTheGradient) {
  Graph graph;
  const ValueId x = graph.input("x", {3});
  const ValueId dy = graph.input("dy", {3});
  const std::vector<ValueId> wrt{x};
  EXPECT_EQ(differentiate(graph, gaussian_noise(graph, x, 0.1f, 1), wrt, dy)[0], dy);
  EXPECT_EQ(gaussian_noise(graph, x, 0.0f, 1), x);
  EXPECT_EQ(error_of([&] { gaussian_noise(graph, x, -1.0f, 1); }), "gaussian_noise: the deviation -1 is negative");
}

}  // namespace
}  // namespace evenflow::ops
