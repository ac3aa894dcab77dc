#include "evenflow/graph/ops/moving_average.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/scale.h"

namespace evenflow::ops {
namespace {

TEST(MovingAverage, IsWrittenAtEachStepThoughNothingReadsIt) {
  Graph graph;
  const ValueId x = graph.input("x", {2});
  moving_average(graph, graph.parameter("m", {2}), scale(graph, x, 2), 0.75f);
  ParameterStore store;
  const CompileOptions options = store.options();
  run_graph(graph, {{"x", {4, -2}}}, options);
  EXPECT_EQ(store["m"].values()[0], 0.25f * 8);
  run_graph(std::move(graph), {{"x", {4, -2}}}, options);
  EXPECT_EQ(store["m"].values()[0], 0.75f * 2 + 2);
  EXPECT_EQ(store["m"].values()[1], 0.75f * -1 - 1);
}

TEST(MovingAverage, ErrorsNameBothShapes) {
  Graph graph;
  EXPECT_NE(error_of([&] {
              moving_average(graph, graph.parameter("m", {2}), graph.input("x", {3}), 0.5f);
            }).find("(2) and (3)"),
            std::string::npos);
}

}  // namespace
}  // namespace evenflow::ops
