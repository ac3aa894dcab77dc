#include "evenflow/graph/ops/gather.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/base/threads.h"
#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(Gather, EqualsItsTwin) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Shape table = random_shape(random, 2, 9);
    const Shape ids = random_shape(random, 1 + static_cast<int>(seed % 3), 6);
    const auto width = static_cast<std::size_t>(table[1]);
    check_operator({.shapes = {table, ids},
                    .build = [](Graph& g, std::span<const ValueId> in) { return gather(g, in[0], in[1]); },
                    .twin =
                        [=](std::span<const Doubles> in) {
                          Doubles y;
                          for (const double id : in[1]) {
                            const Doubles::const_iterator row =
                                in[0].begin() + static_cast<std::ptrdiff_t>(id) * static_cast<std::ptrdiff_t>(width);
                            y.insert(y.end(), row, row + static_cast<std::ptrdiff_t>(width));
                          }
                          return y;
                        },
                    .draw =
                        [=](Random& draws, std::size_t input) {
                          if (input == 0) return draws.normal();
                          return static_cast<double>(draws.below(static_cast<std::uint64_t>(table[0])));
                        },
                    .differentiate_by = {0}},
                   seed);
  }
}

// The gradient of the sum of all rows that were looked up: how often each was.
std::map<std::string, Doubles> looked_up(std::int64_t rows, std::int64_t width, const Doubles& ids) {
  Graph graph;
  const ValueId table = graph.input("table", {rows, width});
  const ValueId y = gather(graph, table, graph.input("ids", Shape{static_cast<std::int64_t>(ids.size())}));
  graph.output("y", y);
  const ValueId wrt[] = {table};
  graph.output("gradient", differentiate(graph, y, wrt)[0]);
  Doubles values(static_cast<std::size_t>(rows * width));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  return run_graph(std::move(graph), {{"table", values}, {"ids", ids}});
}

TEST(Gather, IdsWithoutARowGiveNaNAndNoGradient) {
  auto results = looked_up(3, 2, {2.9, -0.5, 3, -1, NAN, 1e30, -INFINITY, 1});
  const Doubles& y = results["y"];
  EXPECT_EQ((Doubles{y[0], y[1], y[2], y[3], y[14], y[15]}), (Doubles{4, 5, 0, 1, 2, 3}));
  for (std::size_t i = 4; i < 14; ++i) EXPECT_TRUE(std::isnan(y[i])) << i;
  EXPECT_EQ(results["gradient"], (Doubles{1, 1, 1, 1, 1, 1}));
}

TEST(Gather, ItsGradientDoesNotDependOnThreads) {
  constexpr std::int64_t kRows = 3000;
  constexpr std::int64_t kWidth = 40;
  Random random(5);
  Doubles ids(20000);
  Doubles wanted(static_cast<std::size_t>(kRows * kWidth));
  for (double& id : ids) {
    const std::uint64_t row = random.below(random.below(kRows) + 1);
    id = static_cast<double>(row);
    for (std::size_t k = 0; k < kWidth; ++k) ++wanted[row * kWidth + k];
  }
  const int before = threads();
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    EXPECT_EQ(looked_up(kRows, kWidth, ids)["gradient"], wanted) << count;
  }
  set_threads(before);
}

TEST(Gather, RefusesATableThatIsNone) {
  Graph graph;
  const ValueId x = graph.input("x", {2, 3, 4});
  EXPECT_EQ(error_of([&] { gather(graph, x, x); }), "gather: a table (2, 3, 4) is not (rows, width)");
}

}  // namespace
}  // namespace evenflow::ops
