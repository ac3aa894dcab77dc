#include "evenflow/graph/ops/pool2d.h"

#include <gtest/gtest.h>

#include <limits>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

using backend::Pooling;

Doubles pooled(const Doubles& x, const Shape& xs, const Shape& ys, const Pool2dOptions& o) {
  Doubles y;
  for (std::int64_t n = 0; n < ys[0]; ++n)
    for (std::int64_t i = 0; i < ys[1]; ++i)
      for (std::int64_t j = 0; j < ys[2]; ++j)
        for (std::int64_t c = 0; c < ys[3]; ++c) {
          double maximum = -std::numeric_limits<double>::infinity();
          double sum = 0;
          int real = 0;
          for (std::int64_t u = 0; u < o.window[0]; ++u)
            for (std::int64_t v = 0; v < o.window[1]; ++v) {
              const std::int64_t row = i * o.strides[0] + u - o.pads[0];
              const std::int64_t column = j * o.strides[1] + v - o.pads[2];
              if (row < 0 || row >= xs[1] || column < 0 || column >= xs[2]) continue;
              const double value = x[static_cast<std::size_t>(((n * xs[1] + row) * xs[2] + column) * xs[3] + c)];
              maximum = std::max(maximum, value);
              sum += value;
              ++real;
            }
          y.push_back(o.kind == Pooling::maximum ? maximum : sum / real);
        }
  return y;
}

void check(const Shape& x, const Shape& expected, Pool2dOptions options, std::uint64_t seed) {
  for (const Pooling kind : {Pooling::maximum, Pooling::average}) {
    options.kind = kind;
    Graph graph;
    ASSERT_EQ(graph.shape(pool2d(graph, graph.input("x", x), options)), expected);
    check_operator({.shapes = {x},
                    .build = [=](Graph& g, std::span<const ValueId> in) { return pool2d(g, in[0], options); },
                    .twin = [=](std::span<const Doubles> in) { return pooled(in[0], x, expected, options); }},
                   seed);
  }
}

TEST(Pool2d, EqualsItsTwin) {
  check({2, 4, 6, 3}, {2, 2, 3, 3}, {}, 1);
  check({1, 5, 5, 2}, {1, 2, 2, 2}, {}, 2);  // a rest is left over
  check({2, 5, 5, 2}, {2, 3, 3, 2}, {.window = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}}, 3);
  check({1, 5, 4, 1}, {1, 3, 2, 1}, {.pads = {0, 1, 0, 0}}, 4);                 // Keras's "same"
  check({1, 5, 6, 2}, {1, 3, 5, 2}, {.window = {3, 2}, .strides = {1, 1}}, 5);  // overlapping
  check({2, 3, 1, 4}, {2, 1, 1, 4}, {.window = {3, 1}, .strides = {3, 1}}, 6);  // global, one column
}

TEST(Pool2d, OfEqualMaximaTheFirstGetsTheGradient) {
  Graph graph;
  const ValueId x = graph.input("x", {1, 2, 2, 1});
  const std::vector<ValueId> wrt{x};
  graph.output("dx", differentiate(graph, pool2d(graph, x), wrt)[0]);
  EXPECT_EQ(run_graph(std::move(graph), {{"x", {0, 0, 0, 0}}}).at("dx"), (Doubles{1, 0, 0, 0}));
}

TEST(Pool2d, ErrorsNameTheShape) {
  Graph graph;
  const ValueId x = graph.input("x", {1, 2, 5, 1});
  EXPECT_EQ(error_of([&] {
              pool2d(graph, x, {.window = {3, 3}});
            }),
            "pool2d: a window of (3, 3) is larger than the images (1, 2, 5, 1)");
  EXPECT_EQ(error_of([&] {
              pool2d(graph, x, {.pads = {2, 0, 0, 0}});
            }),
            "pool2d: paddings of 2 and 0 do not fit a window of 2");
  const ValueId flat = graph.input("flat", {4, 3});
  EXPECT_EQ(error_of([&] { pool2d(graph, flat); }),
            "pool2d: takes images (batch, height, width, channels), not (4, 3)");
}

}  // namespace
}  // namespace evenflow::ops
