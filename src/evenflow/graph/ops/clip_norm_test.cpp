#include "evenflow/graph/ops/clip_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double norm_scale_of(const Doubles& gradient, double threshold) {
  Graph graph;
  graph.output("scale", norm_scale(graph, graph.input("g", {static_cast<std::int64_t>(gradient.size())}), threshold));
  return run_graph(std::move(graph), {{"g", gradient}}).at("scale")[0];
}

TEST(NormScale, FollowsKeras) {  // c / max(n, c)
  EXPECT_FLOAT_EQ(static_cast<float>(norm_scale_of({3, 4}, 1)), 0.2f);
  EXPECT_EQ(norm_scale_of({3, 4}, 5), 1);
  EXPECT_EQ(norm_scale_of({3, 4}, 6), 1);
  EXPECT_EQ(norm_scale_of({0, 0}, 1), 1);
  EXPECT_EQ(norm_scale_of({kInfinity, 1}, 1), 0);
  EXPECT_TRUE(std::isnan(norm_scale_of({kNan, 1}, 1)));
  EXPECT_FLOAT_EQ(static_cast<float>(norm_scale_of({3e30, 4e30}, 1)), 2e-31f);  // the squares overflow float32
}

TEST(GlobalNorm, IsOfAllGradientsTogether) {
  Graph graph;
  const ValueId norm = global_norm(graph, {graph.input("a", {2}), graph.input("b", {1, 1}), graph.input("c", Shape{})});
  EXPECT_EQ(graph.value(norm).type, (ValueType{Shape{}, DType::float64}));
  graph.output("norm", norm);
  EXPECT_DOUBLE_EQ(run_graph(std::move(graph), {{"a", {1, 2}}, {"b", {4}}, {"c", {10}}}).at("norm")[0], 11);
}

double global_scale_of(const Doubles& gradient, double threshold) {
  Graph graph;
  const ValueId g = graph.input("g", {static_cast<std::int64_t>(gradient.size())});
  graph.output("scale", global_norm_scale(graph, global_norm(graph, {g}), threshold));
  return run_graph(std::move(graph), {{"g", gradient}}).at("scale")[0];
}

TEST(GlobalNormScale, FollowsKeras) {  // c min(1 / n, 1 / c)
  EXPECT_FLOAT_EQ(static_cast<float>(global_scale_of({3, 4}, 2)), 0.4f);
  EXPECT_EQ(global_scale_of({3, 4}, 5), 1);
  EXPECT_EQ(global_scale_of({3, 4}, 50), 1);
  EXPECT_EQ(global_scale_of({0, 0}, 1), 1);
  EXPECT_TRUE(std::isnan(global_scale_of({kInfinity, 1}, 1)));
  EXPECT_TRUE(std::isnan(global_scale_of({kNan, 1}, 1)));
  EXPECT_FLOAT_EQ(static_cast<float>(global_scale_of({3e30, 4e30}, 1)), 2e-31f);
}

TEST(ClipNorm, RefusesAThresholdThatIsNotPositive) {
  Graph graph;
  const ValueId g = graph.input("g", {2});
  EXPECT_EQ(error_of([&] { norm_scale(graph, g, 0); }), "norm_scale: the threshold 0 is not positive");
  EXPECT_EQ(error_of([&] { global_norm_scale(graph, g, 1); }), "global_norm_scale: takes a float64 scalar, not (2)");
}

}  // namespace
}  // namespace evenflow::ops
