#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/tensor/kernels/targets_test.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/elementwise_inl_test.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// y = a x^2 + b; its slope from x.
struct Parabola {
  static constexpr bool kBackwardReadsX = true;
  static constexpr bool kBackwardReadsY = false;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters& p) {
    return hn::Add(hn::Mul(hn::Set(d, p.values[0]), hn::Mul(x, x)), hn::Set(d, p.values[1]));
  }
  template <class D, class V>
  static V Slope(D d, V x, V, const UnaryParameters& p) {
    return hn::Mul(hn::Set(d, 2 * p.values[0]), x);
  }
};
EVENFLOW_UNARY_LOOPS(Parabola)

// y = 1 / (1 + e^-x); its slope from y.
struct Logistic {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    return Sigmoid(d, x);
  }
  template <class D, class V>
  static V Slope(D d, V, V y, const UnaryParameters&) {
    return hn::Mul(y, hn::Sub(hn::Set(d, 1.0f), y));
  }
};
EVENFLOW_UNARY_LOOPS(Logistic)

struct Exponential {
  static constexpr bool kBackwardReadsX = false;
  static constexpr bool kBackwardReadsY = true;

  template <class D, class V>
  static V Forward(D d, V x, const UnaryParameters&) {
    return ExpOrNan(d, x);
  }
  template <class D, class V>
  static V Slope(D, V, V y, const UnaryParameters&) {
    return y;
  }
};
EVENFLOW_UNARY_LOOPS(Exponential)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
EVENFLOW_UNARY_EXPORT(Parabola);
EVENFLOW_UNARY_EXPORT(Logistic);
EVENFLOW_UNARY_EXPORT(Exponential);

namespace {

constexpr UnaryFunction kParabola = EVENFLOW_UNARY_FUNCTION("parabola", Parabola);
constexpr UnaryFunction kLogistic = EVENFLOW_UNARY_FUNCTION("logistic", Logistic);
constexpr UnaryFunction kExponential = EVENFLOW_UNARY_FUNCTION("exponential", Exponential);
constexpr UnaryParameters kParameters{{0.5f, 3.0f}};
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = -77;

std::vector<float> normal(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> x(count + 1, kGuard);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<float>(random.normal());
  return x;
}

TEST(Map, ForwardAndBackwardOfAllLengths) {
  EXPECT_TRUE(kParabola.backward_reads_x && !kParabola.backward_reads_y);
  EXPECT_TRUE(!kLogistic.backward_reads_x && kLogistic.backward_reads_y);
  for_each_target([] {
    for (std::size_t count = 0; count < 70; ++count) {
      const std::vector<float> x = normal(count, count), dy = normal(count, count + 1000);
      std::vector<float> y(count + 1, kGuard), dx = y;
      kParabola.forward(x.data(), y.data(), count, kParameters);
      kParabola.backward(x.data(), nullptr, dy.data(), dx.data(), count, kParameters);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_NEAR(y[i], 0.5f * x[i] * x[i] + 3, 1e-6f * y[i]) << count;
        ASSERT_EQ(dx[i], dy[i] * x[i]) << count;
      }
      ASSERT_EQ(y.back(), kGuard);
      ASSERT_EQ(dx.back(), kGuard);
      kLogistic.backward(nullptr, y.data(), dy.data(), dx.data(), count, kParameters);
      for (std::size_t i = 0; i < count; ++i) {
        const float expected = dy[i] * (y[i] * (1 - y[i]));
        ASSERT_NEAR(dx[i], expected, 1e-6f * std::abs(expected)) << count;
      }
    }
  });
}

TEST(Map, InPlace) {
  for_each_target([] {
    const std::vector<float> x = normal(37, 1), dy = normal(37, 2);
    std::vector<float> y(38, kGuard), dx = y, in_place = x;
    kParabola.forward(x.data(), y.data(), 37, kParameters);
    kParabola.backward(x.data(), nullptr, dy.data(), dx.data(), 37, kParameters);
    kParabola.forward(in_place.data(), in_place.data(), 37, kParameters);
    EXPECT_EQ(in_place, y);
    in_place = dy;
    kParabola.backward(x.data(), nullptr, in_place.data(), in_place.data(), 37, kParameters);
    EXPECT_EQ(in_place, dx);
    in_place = x;
    kParabola.backward(in_place.data(), nullptr, dy.data(), in_place.data(), 37, kParameters);
    EXPECT_EQ(in_place, dx);
  });
}

TEST(Map, ThreadsDoNotMatter) {
  constexpr std::size_t kCount = 200003;
  const std::vector<float> x = normal(kCount, 3);
  set_threads(1);
  std::vector<float> expected(kCount + 1, kGuard), expected_dx = expected;
  kLogistic.forward(x.data(), expected.data(), kCount, kParameters);
  kLogistic.backward(nullptr, expected.data(), x.data(), expected_dx.data(), kCount, kParameters);
  for_each_thread_count([&] {
    std::vector<float> y(kCount + 1, kGuard), dx = y;
    kLogistic.forward(x.data(), y.data(), kCount, kParameters);
    kLogistic.backward(nullptr, y.data(), x.data(), dx.data(), kCount, kParameters);
    EXPECT_EQ(y, expected);
    EXPECT_EQ(dx, expected_dx);
  });
}

// In units of the last place of the true value.
double worst_error(const UnaryFunction& function, double (*truth)(double), float from, float to) {
  std::vector<float> x;
  for (double v = from; v < to; v += (static_cast<double>(to) - from) / 100000) x.push_back(static_cast<float>(v));
  for (float v = 1e-30f; v < 1; v *= 1.37f) x.push_back(v), x.push_back(-v);
  std::vector<float> y(x.size());
  function.forward(x.data(), y.data(), x.size(), kParameters);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = truth(x[i]);
    const double unit = std::ldexp(1.0, std::max(std::ilogb(expected), -126) - 23);
    worst = std::max(worst, std::abs(y[i] - expected) / unit);
  }
  return worst;
}

TEST(Exponential, AccurateAndHonestAboutNan) {
  for_each_target([] {
    EXPECT_LT(worst_error(
                  kExponential, [](double v) { return std::exp(v); }, -87, 88),
              4);
    const std::vector<float> x{kNan, -kNan, 0,   -0.0f, -kInfinity, -3e38f, -1e5f,
                               -200, 89,    180, 1000,  1e9f,       3e38f,  kInfinity};
    std::vector<float> y(x.size());
    kExponential.forward(x.data(), y.data(), x.size(), kParameters);
    EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
    EXPECT_TRUE(y[2] == 1 && y[3] == 1);
    EXPECT_EQ(std::vector<float>(y.begin() + 4, y.begin() + 8), std::vector<float>(4, 0.0f));
    EXPECT_EQ(std::vector<float>(y.begin() + 8, y.end()), std::vector<float>(6, kInfinity));
  });
}

TEST(Sigmoid, AccurateAndHonestAboutNan) {
  for_each_target([] {
    EXPECT_LT(worst_error(
                  kLogistic, [](double v) { return 1 / (1 + std::exp(-v)); }, -87, 88),
              5);
    const std::vector<float> x{kNan, kInfinity, -kInfinity, 0, -0.0f, -1000, 1000};
    std::vector<float> y(x.size());
    kLogistic.forward(x.data(), y.data(), x.size(), kParameters);
    EXPECT_TRUE(std::isnan(y[0]));
    EXPECT_EQ(std::vector<float>(y.begin() + 1, y.end()), (std::vector<float>{1, 0, 0.5f, 0.5f, 0, 1}));
  });
}

}  // namespace
}  // namespace evenflow
#endif
