#include "evenflow/graph/ops/conv2d.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/reshape.h"
#include "evenflow/graph/ops/unary.h"

namespace evenflow::ops {
namespace {

std::size_t at(const Shape& s, std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
  return static_cast<std::size_t>(((a * s[1] + b) * s[2] + c) * s[3] + d);
}

// Places beyond the image count as zeros.
Doubles convolution(const Doubles& x, const Shape& xs, const Doubles& k, const Shape& ks, const Shape& ys,
                    const Conv2dOptions& o) {
  Doubles y(static_cast<std::size_t>(ys.count()));
  const std::int64_t filters_per_group = ks[3] / o.groups;
  for (std::int64_t n = 0; n < ys[0]; ++n)
    for (std::int64_t i = 0; i < ys[1]; ++i)
      for (std::int64_t j = 0; j < ys[2]; ++j)
        for (std::int64_t f = 0; f < ys[3]; ++f)
          for (std::int64_t u = 0; u < ks[0]; ++u)
            for (std::int64_t v = 0; v < ks[1]; ++v) {
              const std::int64_t row = i * o.strides[0] + u * o.dilation[0] - o.pads[0];
              const std::int64_t column = j * o.strides[1] + v * o.dilation[1] - o.pads[2];
              if (row < 0 || row >= xs[1] || column < 0 || column >= xs[2]) continue;
              for (std::int64_t c = 0; c < ks[2]; ++c) {
                const std::int64_t channel = f / filters_per_group * ks[2] + c;
                y[at(ys, n, i, j, f)] += x[at(xs, n, row, column, channel)] * k[at(ks, u, v, c, f)];
              }
            }
  return y;
}

void check(const Shape& x, const Shape& kernel, const Shape& expected, const Conv2dOptions& options,
           std::uint64_t seed) {
  Graph graph;
  ASSERT_EQ(graph.shape(conv2d(graph, graph.input("x", x), graph.input("k", kernel), options)), expected);
  check_operator(
      {.shapes = {x, kernel},
       .build = [=](Graph& g, std::span<const ValueId> in) { return conv2d(g, in[0], in[1], options); },
       .twin = [=](std::span<const Doubles> in) { return convolution(in[0], x, in[1], kernel, expected, options); },
       .forward_tolerance = 1e-5},
      seed);
}

TEST(Conv2d, EqualsItsTwin) {
  check({2, 5, 6, 3}, {3, 3, 3, 4}, {2, 3, 4, 4}, {}, 1);
  check({2, 5, 6, 3}, {3, 3, 3, 4}, {2, 5, 6, 4}, {.pads = {1, 1, 1, 1}}, 2);
  check({1, 7, 6, 2}, {3, 2, 2, 3}, {1, 4, 3, 3}, {.strides = {2, 2}, .pads = {1, 1, 0, 0}}, 3);
  check({1, 7, 8, 2}, {2, 3, 2, 2}, {1, 5, 4, 2}, {.dilation = {2, 2}}, 4);
  check({2, 6, 5, 1}, {2, 2, 1, 1}, {2, 6, 5, 1}, {.pads = {0, 1, 0, 1}}, 5);  // Keras's "same" for an even kernel
  check({1, 1, 1, 3}, {1, 1, 3, 2}, {1, 1, 1, 2}, {}, 6);
  check({2, 4, 1, 2}, {3, 1, 2, 2}, {2, 2, 1, 2}, {}, 7);
}

TEST(Conv2d, EqualsItsTwinInGroups) {
  check({2, 4, 5, 4}, {3, 3, 2, 6}, {2, 2, 3, 6}, {.groups = 2}, 1);
  check({1, 5, 5, 3}, {3, 3, 1, 3}, {1, 5, 5, 3}, {.groups = 3, .pads = {1, 1, 1, 1}}, 2);  // depthwise
  check({1, 5, 5, 3}, {3, 3, 1, 6}, {1, 3, 3, 6}, {.groups = 3}, 3);                        // with a multiplier
}

// Every product x k of the convolution that leads from an image to a place of its result leads back from there.
Doubles transposed(const Doubles& x, const Shape& xs, const Doubles& k, const Shape& ks, const Shape& ys,
                   const Conv2dOptions& o) {
  Doubles y(static_cast<std::size_t>(ys.count()));
  for (std::size_t i = 0; i < y.size(); ++i) {
    Doubles one(y.size());
    one[i] = 1;
    const Doubles image = convolution(one, ys, k, ks, xs, o);
    for (std::size_t j = 0; j < image.size(); ++j) y[i] += image[j] * x[j];
  }
  return y;
}

void check_transposed(const Shape& x, const Shape& kernel, const Shape& expected, const Conv2dOptions& options,
                      std::uint64_t seed) {
  check_operator(
      {.shapes = {x, kernel},
       .build =
           [=](Graph& g, std::span<const ValueId> in) {
             return conv2d_transpose(g, in[0], in[1], expected[1], expected[2], options);
           },
       .twin = [=](std::span<const Doubles> in) { return transposed(in[0], x, in[1], kernel, expected, options); },
       .forward_tolerance = 1e-5},
      seed);
}

TEST(Conv2dTranspose, EqualsItsTwin) {
  check_transposed({2, 3, 4, 3}, {3, 3, 2, 3}, {2, 5, 6, 2}, {}, 1);
  check_transposed({1, 3, 2, 2}, {3, 2, 3, 2}, {1, 6, 4, 3}, {.strides = {2, 2}, .pads = {1, 0, 0, 0}}, 2);
  check_transposed({1, 2, 3, 2}, {1, 1, 2, 2}, {1, 6, 9, 2}, {.strides = {3, 3}}, 3);  // kernel below the stride
  check_transposed({1, 3, 3, 2}, {2, 2, 1, 2}, {1, 5, 5, 1}, {.dilation = {2, 2}}, 4);
  check_transposed({1, 2, 2, 4}, {2, 2, 1, 4}, {1, 3, 3, 2}, {.groups = 2}, 5);
}

TEST(Conv2dTranspose, ErrorsNameTheShapes) {
  Graph graph;
  const ValueId x = graph.input("x", {1, 4, 4, 3});
  const ValueId kernel = graph.input("k", {3, 3, 2, 3});
  EXPECT_NE(error_of([&] { conv2d_transpose(graph, x, kernel, 9, 6); }).find("(1, 4, 4, 3)"), std::string::npos);
  EXPECT_NE(error_of([&] {
              conv2d_transpose(graph, graph.input("f", {4, 3}), kernel, 6, 6);
            }).find("(4, 3)"),
            std::string::npos);
}

void relu_forward(const float* x, float* y, std::size_t count, const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) y[i] = std::max(0.0f, x[i]);
}
constexpr UnaryFunction kRelu{"relu", relu_forward, nullptr, false, true};

TEST(Conv2d, EpilogueEqualsSeparateNodes) {
  Graph graph;
  const ValueId x = graph.input("x", {2, 5, 5, 3});
  const ValueId kernel = graph.input("kernel", {3, 3, 3, 4});
  const ValueId bias = graph.input("bias", {4});
  graph.output("separate", unary(graph, add(graph, conv2d(graph, x, kernel), bias), kRelu));
  const auto fused = Conv2d({}).with_epilogue(true, &kRelu, {});
  EXPECT_EQ(fused->name(), "conv2d+bias+relu");
  graph.output("fused", graph.add1(fused, {x, kernel, bias}));
  Random random(5);
  std::map<std::string, Doubles> inputs{{"x", Doubles(150)}, {"kernel", Doubles(108)}, {"bias", Doubles(4)}};
  for (auto& [name, values] : inputs) {
    for (double& value : values) value = random.normal();
  }
  auto results = run_graph(std::move(graph), inputs, {.fuse = false});
  for (std::size_t i = 0; i < results["fused"].size(); ++i) {
    EXPECT_NEAR(results["fused"][i], results["separate"][i], 1e-5);
  }
}

// What a one-dimensional convolution with activation is made of.
TEST(Conv2d, TakesOnAnActivationBehindAReshape) {
  Graph graph;
  const ValueId z = add(graph, conv2d(graph, graph.input("x", {2, 1, 5, 3}), graph.input("kernel", {1, 3, 3, 4})),
                        graph.input("bias", {4}));
  graph.output("y", unary(graph, reshape(graph, z, {2, 3, 4}), kRelu));
  Random random(6);
  std::map<std::string, Doubles> inputs{{"x", Doubles(30)}, {"kernel", Doubles(36)}, {"bias", Doubles(4)}};
  for (auto& [name, values] : inputs) {
    for (double& value : values) value = random.normal();
  }
  Program fused = Program::compile(graph, {});
  EXPECT_EQ(fused.kernel_count(), 1u) << fused.to_text();
  const auto expected = run_graph(graph, inputs, {.fuse = false}).at("y");
  const auto y = run_graph(std::move(graph), inputs).at("y");
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-5);
}

TEST(Conv2d, ErrorsNameTheShapes) {
  Graph graph;
  const ValueId x = graph.input("x", {1, 4, 4, 3});
  const ValueId wrong_channels = graph.input("a", {3, 3, 2, 8});
  const ValueId large = graph.input("b", {5, 3, 3, 8});
  const ValueId flat = graph.input("c", {4, 3});
  EXPECT_EQ(error_of([&] { conv2d(graph, x, wrong_channels); }),
            "conv2d: images (1, 4, 4, 3) and kernel (3, 3, 2, 8) do not fit together in 1 groups");
  EXPECT_NE(error_of([&] { conv2d(graph, x, large); }).find("(5, 3, 3, 8)"), std::string::npos);
  EXPECT_NE(error_of([&] { conv2d(graph, flat, large); }).find("(4, 3) and (5, 3, 3, 8)"), std::string::npos);
  EXPECT_EQ(error_of([&] { conv2d(graph, x, large, {.pads = {-1, 0, 0, 0}}); }), "conv2d: a padding of -1 is negative");
  EXPECT_EQ(error_of([&] {
              conv2d(graph, x, large, {.strides = {0, 1}});
            }),
            "conv2d: a stride or dilation of 0 is not positive");
}

}  // namespace
}  // namespace evenflow::ops
