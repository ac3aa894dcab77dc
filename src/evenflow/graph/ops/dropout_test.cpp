#include "evenflow/graph/ops/dropout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenflow/base/threads.h"
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

}  // namespace
}  // namespace evenflow::ops
