#include "evenflow/graph/ops/gradient_scale.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/ops.h"

namespace evenflow::ops {
namespace {

TEST(GradientScale, ChangesTheGradientAlone) {
  Graph graph;
  const ValueId x = graph.input("x", {3});
  const ValueId factor = graph.parameter("factor", Shape{});
  const ValueId y = gradient_scale(graph, multiply(graph, x, x), factor);
  const ValueId wrt[] = {x, factor};
  const std::vector<ValueId> gradients = differentiate(graph, y, wrt);
  EXPECT_FALSE(gradients[1]);
  graph.output("y", y);
  graph.output("dx", gradients[0]);
  ParameterStore parameters;
  parameters["factor"] = Tensor(Shape{}, 1024.0f);
  const auto outputs = run_graph(std::move(graph), {{"x", {1, -2, 3}}}, parameters.options());
  EXPECT_EQ(outputs.at("y"), (Doubles{1, 4, 9}));
  EXPECT_EQ(outputs.at("dx"), (Doubles{2048, -4096, 6144}));
}

TEST(GradientScale, WantsAScalarFactor) {
  Graph graph;
  const ValueId x = graph.input("x", {3});
  EXPECT_NE(error_of([&] { gradient_scale(graph, x, x); }).find("scalar"), std::string::npos);
}

}  // namespace
}  // namespace evenflow::ops
