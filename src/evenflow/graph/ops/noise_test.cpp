// dropout and gaussian_noise: what draws random numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "evenflow/base/threads.h"
#include "evenflow/graph/ops/add_n.h"
#include "evenflow/graph/ops/dropout.h"
#include "evenflow/graph/ops/gaussian_noise.h"
#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/scale.h"

namespace evenflow::ops {
namespace {

constexpr std::int64_t kCount = 100000;

Doubles dropped(float rate, std::uint64_t stream, const StepState& state, bool fused = true) {
  Graph graph;
  const ValueId x = scale(graph, graph.input("x", {kCount}), 2.0f);
  graph.output("y", scale(graph, dropout(graph, x, rate, stream), 0.5f));
  return run_graph(std::move(graph), {{"x", Doubles(kCount, 1.0)}}, {.fuse = fused}, state).at("y");
}

TEST(Dropout, KeepsTheRightShareAndTheMean) {
  const Doubles y = dropped(0.3f, 1, {.seed = 5});
  const auto zeros = static_cast<double>(std::count(y.begin(), y.end(), 0.0));
  EXPECT_NEAR(zeros / kCount, 0.3, 4 * std::sqrt(0.3 * 0.7 / kCount));
  for (const double v : y) ASSERT_TRUE(v == 0 || std::fabs(v - 1 / 0.7) < 1e-6) << v;
}

TEST(Dropout, IsAFunctionOfSeedStreamAndStep) {
  const Doubles y = dropped(0.5f, 1, {.seed = 5, .step = 7});
  EXPECT_EQ(dropped(0.5f, 1, {.seed = 5, .step = 7}, false), y) << "fused and alone";
  set_threads(3);
  EXPECT_EQ(dropped(0.5f, 1, {.seed = 5, .step = 7}, false), y) << "threads";
  set_threads(0);
  EXPECT_NE(dropped(0.5f, 1, {.seed = 6, .step = 7}), y);
  EXPECT_NE(dropped(0.5f, 2, {.seed = 5, .step = 7}), y);
  EXPECT_NE(dropped(0.5f, 1, {.seed = 5, .step = 8}), y);
}

TEST(Dropout, TheGradientHasTheSameMask) {
  Graph graph;
  const ValueId x = graph.input("x", {kCount});
  const ValueId y = dropout(graph, x, 0.4f, 3);
  const std::vector<ValueId> wrt{x};
  graph.output("y", y);
  graph.output("dx", differentiate(graph, y, wrt)[0]);
  const auto out = run_graph(std::move(graph), {{"x", Doubles(kCount, 1.0)}}, {}, {.seed = 1, .step = 2});
  EXPECT_EQ(out.at("y"), out.at("dx"));
}

TEST(Dropout, EdgesAndErrors) {
  Graph graph;
  const ValueId x = graph.input("x", {3});
  EXPECT_EQ(dropout(graph, x, 0.0f, 1), x);
  graph.output("y", dropout(graph, x, 1.0f, 1));
  EXPECT_EQ(error_of([&] { dropout(graph, x, 1.5f, 1); }), "dropout: the rate 1.5 is not between 0 and 1");
  EXPECT_NE(error_of([&] { dropout(graph, x, std::numeric_limits<float>::quiet_NaN(), 1); }), "");
  EXPECT_EQ(run_graph(std::move(graph), {{"x", {1, 2, 3}}}).at("y"), (Doubles{0, 0, 0}));
}

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
