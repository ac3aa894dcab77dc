// Every plan against the naive loops, on random shapes and settings.
#include "evenflow/tensor/backend/backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/base/threads.h"
#include "evenflow/tensor.h"
#include "evenflow/tensor/backend/small_matmul.h"

namespace evenflow::backend {
namespace {

void soften(const float* x, float* y, std::size_t count, const UnaryParameters& p) {
  for (std::size_t i = 0; i < count; ++i) y[i] = x[i] < 0 ? p.values[0] * x[i] : x[i];
}
constexpr UnaryFunction kSoften{"soften", soften, nullptr, false, true};

Tensor random_tensor(std::int64_t count, std::uint64_t seed) {
  Tensor tensor(Shape{count});
  Random random(seed);
  for (float& value : tensor.values()) value = static_cast<float>(random.normal());
  return tensor;
}

Tensor run(const Plan& plan, const Tensor& a, const Tensor& b, const Tensor& bias, Tensor c) {
  // Scratch holds what others left there, and nothing behind its end is the plan's.
  constexpr std::size_t kGuard = 4096;
  constexpr std::byte kNaN{0xff};
  constexpr std::byte kUntouched{0x5a};
  const AlignedBytes scratch = allocate_aligned(plan.scratch_bytes + kGuard);
  std::byte* const end = scratch.get() + plan.scratch_bytes;
  std::fill(scratch.get(), end, kNaN);
  std::fill_n(end, kGuard, kUntouched);
  plan.run(a.data(), b.data(), bias.data(), c.data(), scratch.get());
  EXPECT_EQ(std::count(end, end + kGuard, kUntouched), static_cast<std::ptrdiff_t>(kGuard))
      << "written behind the scratch";
  return c;
}

// Relative to the root mean square: single elements may cancel.
void expect_close(const Tensor& actual, const Tensor& expected, const std::string& what) {
  double squares = 0;
  for (const float v : expected.values()) squares += static_cast<double>(v) * v;
  const double scale = std::sqrt(squares / static_cast<double>(expected.count())) + 1e-6;
  for (std::int64_t i = 0; i < expected.count(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 3e-5 * scale) << what << ", element " << i;
  }
}

Epilogue random_epilogue(Random& random) {
  Epilogue epilogue{.bias = random.below(2) == 1, .accumulate = random.below(4) == 0};
  if (random.below(2) == 1) {
    epilogue.activation = &kSoften;
    epilogue.parameters.values[0] = 0.25f;
  }
  return epilogue;
}

void check_matmul(const MatmulShape& s, const Epilogue& epilogue, std::uint64_t seed) {
  const Tensor a = random_tensor(s.m * s.k, seed);
  const Tensor b = random_tensor(s.k * s.n, seed + 1);
  const Tensor bias = random_tensor(s.n, seed + 2);
  const Tensor c = random_tensor(s.m * s.n, seed + 3);
  const std::string what = "matmul " + std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k) +
                           (s.transpose_a ? " Ta" : "") + (s.transpose_b ? " Tb" : "");
  const Tensor expected = run(naive::plan_matmul(s, epilogue), a, b, bias, c);
  expect_close(run(plan_matmul(s, epilogue), a, b, bias, c), expected, what);
  expect_close(run(plan_small_matmul(s, epilogue), a, b, bias, c), expected, "small " + what);
}

TEST(Backend, MatmulAgreesWithNaive) {
  Random random(1);
  for (int i = 0; i < 150; ++i) {
    const auto extent = [&] { return static_cast<std::int64_t>(1 + random.below(i % 3 == 0 ? 150 : 40)); };
    const MatmulShape shape{extent(), extent(), extent(), random.below(2) == 1, random.below(2) == 1};
    check_matmul(shape, random_epilogue(random), static_cast<std::uint64_t>(i));
  }
}

TEST(Backend, MatmulOfOneElementAndOfTrainingShapes) {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      check_matmul({1, 1, 1, ta, tb}, {}, 5);
      check_matmul({32, 32, 2, ta, tb}, {.bias = true}, 6);
      check_matmul({64, 10, 256, ta, tb}, {.bias = true}, 7);
      check_matmul({128, 130, 200, ta, tb}, {.accumulate = true}, 8);
    }
  }
}

// Small products, and some beyond what one thread gets; more of them than parts.
TEST(Backend, BatchedMatmulIsOneProductPerElement) {
  Random random(9);
  const auto check = [&](std::int64_t batch, const MatmulShape& s) {
    const Tensor a = random_tensor(batch * s.m * s.k, 1);
    const Tensor b = random_tensor(batch * s.k * s.n, 2);
    const Tensor c = run(plan_batched_matmul(batch, s), a, b, b, Tensor(Shape{batch * s.m * s.n}));
    for (std::int64_t i = 0; i < batch; ++i) {
      const auto part = [i](const Tensor& all, std::int64_t count) { return all.rows(i * count, (i + 1) * count); };
      const Tensor one(Shape{s.m * s.n});
      expect_close(part(c, s.m * s.n), run(naive::plan_matmul(s, {}), part(a, s.m * s.k), part(b, s.k * s.n), b, one),
                   "product " + std::to_string(i) + " of " + std::to_string(batch));
    }
  };
  for (int i = 0; i < 20; ++i) {
    const auto extent = [&](std::uint64_t most) { return 1 + static_cast<std::int64_t>(random.below(most)); };
    check(extent(9), {extent(30), extent(30), extent(30), random.below(2) == 1, random.below(2) == 1});
  }
  check(150, {8, 12, 5, false, true});
  check(3, {128, 96, 64, false, true});
  check(2, {600, 600, 8, true, false});
}

TEST(Backend, MatmulRefusesEmptyShapes) {
  EXPECT_ANY_THROW(plan_matmul({0, 1, 1}, {}));
}

TEST(Backend, NaNAndInfinityPass) {
  for (const std::int64_t n : {4, 200}) {
    Tensor a(Shape{n * n}, 1.0f);
    const Tensor b(Shape{n * n}, 1.0f);
    a[0] = std::numeric_limits<float>::quiet_NaN();
    a[n] = std::numeric_limits<float>::infinity();
    const Tensor c = run(plan_matmul({n, n, n}, {}), a, b, b, Tensor(Shape{n * n}));
    EXPECT_TRUE(std::isnan(c[1]));
    EXPECT_TRUE(std::isinf(c[n + 1]));
    EXPECT_EQ(c[2 * n], static_cast<float>(n));
  }
}

Conv2dShape random_convolution(Random& random) {
  const auto up_to = [&](std::uint64_t bound) { return static_cast<std::int64_t>(1 + random.below(bound)); };
  Conv2dShape s{.batch = up_to(3),
                .height = 4 + up_to(8),
                .width = 6 + up_to(8),
                .channels = up_to(6),
                .filters = up_to(9),
                .kernel_height = up_to(3),
                .kernel_width = up_to(4)};
  if (random.below(3) == 0) {
    s.groups = up_to(3);
    s.channels = s.groups * up_to(3);
    s.filters = s.groups * up_to(4);
  }
  if (random.below(2) == 0) {
    s.stride_height = up_to(3);
    s.stride_width = up_to(2);
  } else if (random.below(2) == 0) {
    s.dilation_height = up_to(2);
    s.dilation_width = up_to(2);
  }
  if (random.below(2) == 0) {
    s.pad_top = up_to(2) - 1;
    s.pad_bottom = up_to(2) - 1;
    s.pad_left = up_to(2) - 1;
    s.pad_right = up_to(3) - 1;
  }
  return s;
}

std::string describe(const Conv2dShape& s) {
  std::string text = "convolution";
  for (const std::int64_t v : {s.batch, s.height, s.width, s.channels, s.filters, s.kernel_height, s.kernel_width,
                               s.stride_height, s.stride_width, s.dilation_height, s.dilation_width, s.groups,
                               s.pad_top, s.pad_bottom, s.pad_left, s.pad_right}) {
    text += " " + std::to_string(v);
  }
  return text;
}

TEST(Backend, ConvolutionAndItsGradientsAgreeWithNaive) {
  Random random(2);
  for (std::uint64_t i = 0; i < 80; ++i) {
    const Conv2dShape s = random_convolution(random);
    const Epilogue epilogue = random_epilogue(random);
    const std::int64_t outputs = s.batch * s.output_height() * s.output_width() * s.filters;
    const Tensor x = random_tensor(s.batch * s.height * s.width * s.channels, i);
    const Tensor w = random_tensor(s.kernel_height * s.kernel_width * s.channels / s.groups * s.filters, i + 100);
    const Tensor bias = random_tensor(s.filters, i + 200);
    const Tensor y = random_tensor(outputs, i + 300);
    expect_close(run(plan_conv2d(s, epilogue), x, w, bias, y), run(naive::plan_conv2d(s, epilogue), x, w, bias, y),
                 describe(s));
    expect_close(run(plan_conv2d_input_gradient(s), y, w, bias, Tensor(x.shape())),
                 run(naive::plan_conv2d_input_gradient(s), y, w, bias, Tensor(x.shape())),
                 "input gradient of " + describe(s));
    expect_close(run(plan_conv2d_kernel_gradient(s), x, y, bias, Tensor(w.shape())),
                 run(naive::plan_conv2d_kernel_gradient(s), x, y, bias, Tensor(w.shape())),
                 "kernel gradient of " + describe(s));
  }
}

// The two rows above and the two below the image see padding alone: what they hold is the bias and the old value.
TEST(Backend, WindowsThatLieInThePaddingKeepBiasAndSum) {
  const Conv2dShape s{.batch = 1,
                      .height = 9,
                      .width = 7,
                      .channels = 32,
                      .filters = 3,
                      .kernel_height = 1,
                      .kernel_width = 4,
                      .pad_top = 2,
                      .pad_bottom = 2,
                      .pad_right = 2};
  const std::int64_t outputs = s.output_height() * s.output_width() * s.filters;
  const Tensor x = random_tensor(s.height * s.width * s.channels, 1);
  const Tensor w = random_tensor(s.kernel_width * s.channels * s.filters, 2);
  const Tensor bias = random_tensor(s.filters, 3);
  const Tensor y = random_tensor(outputs, 4);
  for (const bool has_bias : {false, true}) {
    for (const bool accumulate : {false, true}) {
      const Epilogue epilogue{.bias = has_bias, .accumulate = accumulate};
      expect_close(run(plan_conv2d(s, epilogue), x, w, bias, y), run(naive::plan_conv2d(s, epilogue), x, w, bias, y),
                   "bias " + std::to_string(has_bias) + ", accumulate " + std::to_string(accumulate));
    }
  }
}

TEST(Backend, ConvolutionKeepsNaN) {
  const Conv2dShape s{
      .batch = 2, .height = 6, .width = 6, .channels = 5, .filters = 7, .kernel_height = 3, .kernel_width = 3};
  const Tensor w = random_tensor(9 * s.channels * s.filters, 1);
  Tensor x = random_tensor(s.batch * 36 * s.channels, 2);
  Tensor dy = random_tensor(s.batch * 16 * s.filters, 3);
  x[40] = dy[50] = std::numeric_limits<float>::quiet_NaN();
  const auto expect_kept = [&](const Plan& plan, const Plan& reference, const Tensor& a, const Tensor& b,
                               const Tensor& c) {
    const Tensor actual = run(plan, a, b, w, c);
    const Tensor expected = run(reference, a, b, w, c);
    for (std::int64_t i = 0; i < c.count(); ++i) EXPECT_TRUE(std::isnan(actual[i]) || !std::isnan(expected[i])) << i;
  };
  expect_kept(plan_conv2d(s, {}), naive::plan_conv2d(s, {}), x, w, Tensor(dy.shape()));
  expect_kept(plan_conv2d_input_gradient(s), naive::plan_conv2d_input_gradient(s), dy, w, Tensor(x.shape()));
  expect_kept(plan_conv2d_kernel_gradient(s), naive::plan_conv2d_kernel_gradient(s), x, dy, Tensor(w.shape()));
}

// Channels in several blocks, and equal values, of which the first takes the gradient.
TEST(Backend, MaximumOfManyChannelsWithTies) {
  for (const std::int64_t channels : {64, 65, 150}) {
    const Pool2dShape s{.kind = Pooling::maximum,
                        .batch = 2,
                        .height = 7,
                        .width = 6,
                        .channels = channels,
                        .pool_height = 3,
                        .pool_width = 2,
                        .stride_height = 2,
                        .stride_width = 1,
                        .pad_top = 1,
                        .pad_right = 1};
    Tensor x = random_tensor(s.batch * s.height * s.width * channels, 1);
    for (float& value : x.values()) value = std::round(value);
    const Tensor dy = random_tensor(s.batch * s.output_height() * s.output_width() * channels, 2);
    expect_close(run(plan_pool2d(s), x, x, x, dy), run(naive::plan_pool2d(s), x, x, x, dy), "pooling");
    expect_close(run(plan_pool2d_gradient(s), x, dy, x, Tensor(x.shape())),
                 run(naive::plan_pool2d_gradient(s), x, dy, x, Tensor(x.shape())), "pooling gradient");
  }
}

TEST(Backend, PoolingAndItsGradientsAgreeWithNaive) {
  Random random(3);
  for (std::uint64_t i = 0; i < 80; ++i) {
    const auto up_to = [&](std::uint64_t bound) { return static_cast<std::int64_t>(1 + random.below(bound)); };
    Pool2dShape s{.kind = i % 2 == 0 ? Pooling::maximum : Pooling::average,
                  .batch = up_to(3),
                  .height = 3 + up_to(8),
                  .width = 3 + up_to(8),
                  .channels = up_to(20),
                  .pool_height = up_to(3),
                  .pool_width = up_to(3),
                  .stride_height = up_to(3),
                  .stride_width = up_to(3)};
    s.pad_top = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(s.pool_height)));
    s.pad_right = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(s.pool_width)));
    const Tensor x = random_tensor(s.batch * s.height * s.width * s.channels, i);
    const Tensor y = random_tensor(s.batch * s.output_height() * s.output_width() * s.channels, i + 100);
    expect_close(run(plan_pool2d(s), x, x, x, y), run(naive::plan_pool2d(s), x, x, x, y), "pooling");
    expect_close(run(plan_pool2d_gradient(s), x, y, x, Tensor(x.shape())),
                 run(naive::plan_pool2d_gradient(s), x, y, x, Tensor(x.shape())), "pooling gradient");
  }
}

TEST(Backend, MaximumKeepsNaN) {
  Tensor x(Shape{2 * 2 * 3}, 1.0f);
  x[0] = x[4] = x[11] = std::numeric_limits<float>::quiet_NaN();
  const Pool2dShape s{
      .kind = Pooling::maximum, .batch = 1, .height = 2, .width = 2, .channels = 3, .pool_height = 2, .pool_width = 2};
  const Tensor y = run(plan_pool2d(s), x, x, x, Tensor(Shape{3}));
  for (std::int64_t k = 0; k < 3; ++k) EXPECT_TRUE(std::isnan(y[k])) << k;
}

TEST(BackendThreads, PlansOutliveAChangeOfThreads) {
  const Conv2dShape s{
      .batch = 4, .height = 16, .width = 16, .channels = 32, .filters = 48, .kernel_height = 3, .kernel_width = 3};
  const Tensor x = random_tensor(s.batch * 256 * s.channels, 1);
  const Tensor w = random_tensor(9 * s.channels * s.filters, 2);
  const Tensor dy = random_tensor(s.batch * 196 * s.filters, 3);
  for (const int planned : {1, 2}) {
    set_threads(planned);
    const Plan forward = plan_conv2d(s, {});
    const Plan input = plan_conv2d_input_gradient(s);
    const Plan kernel = plan_conv2d_kernel_gradient(s);
    set_threads(3 - planned);
    expect_close(run(forward, x, w, w, dy), run(naive::plan_conv2d(s, {}), x, w, w, dy), "forward");
    expect_close(run(input, dy, w, w, x), run(naive::plan_conv2d_input_gradient(s), dy, w, w, x), "input gradient");
    expect_close(run(kernel, x, dy, w, w), run(naive::plan_conv2d_kernel_gradient(s), x, dy, w, w), "kernel gradient");
  }
  set_threads(0);
}

TEST(BackendThreads, SameThreadsSameBits) {
  const Tensor a = random_tensor(200 * 300, 1);
  const Tensor b = random_tensor(300 * 100, 2);
  const Plan plan = plan_matmul({200, 100, 300}, {});
  for (const int count : {1, 2}) {
    set_threads(count);
    EXPECT_EQ(run(plan, a, b, b, Tensor(Shape{200 * 100})), run(plan, a, b, b, Tensor(Shape{200 * 100})));
  }
  set_threads(0);
}

}  // namespace
}  // namespace evenflow::backend
