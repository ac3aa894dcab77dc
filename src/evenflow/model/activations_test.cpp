// What every activation must satisfy, on every instruction set of the machine, and numbers made by others.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "evenflow/model/activation_function.h"
#include "evenflow/model/gaussian_integrals_test.h"
#include "evenflow/tensor/kernels/targets_test.h"

namespace evenflow {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kLargest = std::numeric_limits<float>::max();

struct Case {
  const ActivationFunction* function;
  UnaryParameters parameters;
  std::string name;
};

// Every activation with its defaults, and those that take numbers with others.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const ActivationFunction* function : all_activations()) {
    const ActivationChoice choice = choose_activation(std::string(function->id));
    all.push_back({function, choice.parameters, std::string(function->id)});
  }
  const std::pair<const char*, const char*> others[] = {
      {"relu", R"({"negative_slope": 0.1})"},
      {"relu", R"({"max_value": 4.5, "threshold": 1.25})"},
      {"leaky_relu", R"({"negative_slope": 0.01})"},
      {"elu", R"({"alpha": 0.5})"},
      {"celu", R"({"alpha": 2.0})"},
      {"gelu", R"({"approximate": true})"},
      {"squareplus", R"({"b": 1.5})"},
  };
  for (const auto& [name, config] : others) {
    const ActivationChoice choice = choose_activation({{"class_name", name}, {"config", Json::parse(config)}});
    all.push_back({choice.function, choice.parameters, std::string(name) + config});
  }
  return all;
}

struct Result {
  std::vector<float> y;
  std::vector<float> slope;
};

Result run(const Case& c, const std::vector<float>& x) {
  const UnaryFunction& kernel = c.function->kernel;
  Result r{std::vector<float>(x.size()), std::vector<float>(x.size(), 1.0f)};
  kernel.forward(x.data(), r.y.data(), x.size(), c.parameters);
  kernel.backward(kernel.backward_reads_x ? x.data() : nullptr, kernel.backward_reads_y ? r.y.data() : nullptr,
                  r.slope.data(), r.slope.data(), x.size(), c.parameters);
  return r;
}

std::vector<float> many_inputs() {
  std::vector<float> x;
  for (int i = -2500; i <= 2500; ++i) x.push_back(0.01f * static_cast<float>(i) + 0.0003f);
  for (const float magnitude : {0.0f, 1e-45f, 1e-40f, 1e-30f, 1e-8f, 1e-4f, 30.0f, 87.0f, 88.0f, 88.5f, 90.0f, 104.0f,
                                106.0f, 1e3f, 1e5f, 1e10f, 2e19f, 1e30f, kLargest}) {
    x.insert(x.end(), {magnitude, -magnitude});
  }
  return x;
}

// A result in float32 that may round to infinity.
void expect_near(float value, double expected, double scale, const std::string& what) {
  if (static_cast<float>(expected) == value) return;
  EXPECT_NEAR(value, expected, 5e-7 * scale + 3e-45) << what;
}

TEST(Activations, KernelsEqualTheDefinition) {
  const std::vector<float> x = many_inputs();
  for (const Case& c : cases()) {
    for_each_target([&] {
      const Result r = run(c, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double f = c.function->f(x[i], c.parameters);
        const double df = c.function->df(x[i], c.parameters);
        const std::string at = c.name + " at " + std::to_string(x[i]);
        expect_near(r.y[i], f, std::max(std::abs(f), std::min(1.0, std::abs(static_cast<double>(x[i])))), at);
        expect_near(r.slope[i], df, std::max(std::abs(df), 1.0), "slope of " + at);
      }
    });
  }
}

// Where the gradient is small it must be small, not zero: that is what we measure.
TEST(Activations, TailsAreRelativelyPrecise) {
  for (const char* name : {"exponential", "sigmoid", "silu", "softplus", "mish", "squareplus"}) {
    const ActivationChoice choice = choose_activation(name);
    const Case c{choice.function, choice.parameters, name};
    for_each_target([&] {
      std::vector<float> x;
      for (float at = -80.0f; at < -2.0f; at += 0.7f) x.push_back(at);
      const Result r = run(c, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double f = c.function->f(x[i], c.parameters);
        const double df = c.function->df(x[i], c.parameters);
        EXPECT_NEAR(r.y[i], f, 2e-6 * std::abs(f)) << name << " at " << x[i];
        EXPECT_NEAR(r.slope[i], df, 2e-5 * std::abs(df)) << name << " at " << x[i];
      }
    });
  }
}

TEST(Activations, DerivativesAreThoseOfTheDefinition) {
  for (const Case& c : cases()) {
    for (double x = -7.037; x < 7.1; x += 0.11) {
      constexpr double kStep = 1e-5;
      const double difference =
          (c.function->f(x + kStep, c.parameters) - c.function->f(x - kStep, c.parameters)) / (2 * kStep);
      EXPECT_NEAR(c.function->df(x, c.parameters), difference, 2e-8 * std::max(1.0, std::abs(difference)))
          << c.name << " at " << x;
    }
  }
}

TEST(Activations, KinksAreWhereTheFunctionIsNotSmooth) {
  for (const ActivationFunction* function : all_activations()) {
    const UnaryParameters parameters = choose_activation(std::string(function->id)).parameters;
    const auto is_kink = [&](double x) {
      return std::any_of(std::begin(function->kinks), std::end(function->kinks),
                         [&](double kink) { return std::abs(kink - x) < 1e-3; });
    };
    for (int i = -8000; i <= 8000; ++i) {
      const double x = 1e-3 * i;
      const double jump = std::abs(function->df(x + 1e-7, parameters) - function->df(x - 1e-7, parameters)) +
                          std::abs(function->f(x + 1e-7, parameters) - function->f(x - 1e-7, parameters));
      if (jump > 1e-3 && std::abs(jump) > 1e-5 * std::abs(function->df(x, parameters))) {
        EXPECT_TRUE(is_kink(x)) << function->id << " at " << x;
      }
    }
  }
}

TEST(Activations, DeadZonesAreHalfLines) {
  for (const ActivationFunction* function : all_activations()) {
    const UnaryParameters parameters = choose_activation(std::string(function->id)).parameters;
    const auto dead = [&](double x) {
      return function->df(x, parameters) == 0 && function->df(1.5 * x, parameters) == 0;
    };
    EXPECT_EQ(function->has_dead_zone, dead(-8) || dead(8)) << function->id;
  }
}

TEST(Activations, NaNAndInfinityAreAsInTheDefinition) {
  for (const Case& c : cases()) {
    for_each_target([&] {
      const std::vector<float> x{kNaN, kInfinity, -kInfinity, 1.0f};
      const Result r = run(c, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto f = static_cast<float>(c.function->f(x[i], c.parameters));
        EXPECT_TRUE(std::isnan(f) ? std::isnan(r.y[i]) : f == r.y[i] || std::abs(f - r.y[i]) < 1e-6f)
            << c.name << "(" << x[i] << ") = " << r.y[i] << ", not " << f;
      }
      EXPECT_TRUE(std::isnan(r.y[0])) << c.name;
    });
  }
  // A network that explodes must not turn into NaN where a rectifier cuts off.
  const Case relu{find_activation("relu"), {}, "relu"};
  EXPECT_EQ(run(relu, {-kInfinity}).y[0], 0.0f);
}

TEST(Activations, AnyLengthInPlaceAndNothingBeyond) {
  for (const Case& c : cases()) {
    const UnaryFunction& kernel = c.function->kernel;
    for_each_target([&] {
      for (std::size_t n = 0; n < 70; ++n) {
        std::vector<float> x;
        std::vector<float> dy;
        for (std::size_t i = 0; i < n; ++i) {
          x.push_back(static_cast<float>(3 * std::sin(0.7 * static_cast<double>(i))));
          dy.push_back(static_cast<float>(std::cos(0.3 * static_cast<double>(i))));
        }
        std::vector<float> y = x;
        y.push_back(77.0f);
        kernel.forward(y.data(), y.data(), n, c.parameters);
        ASSERT_EQ(y[n], 77.0f) << c.name;
        const float* xs = kernel.backward_reads_x ? x.data() : nullptr;
        const float* ys = kernel.backward_reads_y ? y.data() : nullptr;
        std::vector<float> dx(n + 1, 77.0f);
        kernel.backward(xs, ys, dy.data(), dx.data(), n, c.parameters);
        ASSERT_EQ(dx[n], 77.0f) << c.name;
        for (std::size_t i = 0; i < n; ++i) {
          const double expected = dy[i] * c.function->df(x[i], c.parameters);
          ASSERT_NEAR(dx[i], expected, 2e-6 * std::max(1.0, std::abs(expected))) << c.name << " " << n << " " << i;
        }
        for (std::size_t over = 0; over < 3; ++over) {
          std::vector<float> copies[] = {x, y, dy};
          kernel.backward(xs == nullptr ? nullptr : copies[0].data(), ys == nullptr ? nullptr : copies[1].data(),
                          copies[2].data(), copies[over].data(), n, c.parameters);
          for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(copies[over][i], dx[i]) << c.name << " " << n << " " << i;
        }
      }
    });
  }
}

TEST(Activations, LargeArraysDoNotDependOnTheNumberOfThreads) {
  std::vector<float> x;
  for (int i = 0; i < 200003; ++i) x.push_back(static_cast<float>(4 * std::sin(i)));
  for (const Case& c : cases()) {
    set_threads(1);
    const Result one = run(c, x);
    set_threads(3);
    const Result three = run(c, x);
    set_threads(0);
    EXPECT_TRUE(one.y == three.y && one.slope == three.slope) << c.name;
  }
}

struct Golden {
  const char* name;
  double values[9];
  double slopes[9];
};

// Keras 3.16.0 (PyTorch backend, float32) at these x; at kinks PyTorch's convention.
constexpr float kGoldenInputs[] = {-4, -2.6f, -1, -0.3f, 0, 0.3f, 1, 2.6f, 4};
const Golden kGolden[] = {
    {"relu", {0.0, 0.0, 0.0, 0.0, 0.0, 0.3, 1.0, 2.6, 4.0}, {0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0}},
    {"leaky_relu", {-0.8, -0.52, -0.2, -0.06, 0.0, 0.3, 1.0, 2.6, 4.0}, {0.2, 0.2, 0.2, 0.2, 0.2, 1.0, 1.0, 1.0, 1.0}},
    {"relu6", {0.0, 0.0, 0.0, 0.0, 0.0, 0.3, 1.0, 2.6, 4.0}, {0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0}},
    {"elu",
     {-0.9816844, -0.9257264, -0.6321205, -0.2591818, 0.0, 0.3, 1.0, 2.6, 4.0},
     {0.01831564, 0.07427359, 0.3678795, 0.7408182, 1.0, 1.0, 1.0, 1.0, 1.0}},
    {"selu",
     {-1.725899, -1.627519, -1.111331, -0.4556673, 0.0, 0.3152103, 1.050701, 2.731822, 4.202804},
     {0.03220071, 0.1305803, 0.6467686, 1.302432, 1.758099, 1.050701, 1.050701, 1.050701, 1.050701}},
    {"celu",
     {-0.9816844, -0.9257264, -0.6321205, -0.2591818, 0.0, 0.3, 1.0, 2.6, 4.0},
     {0.01831564, 0.07427359, 0.3678795, 0.7408182, 1.0, 1.0, 1.0, 1.0, 1.0}},
    {"softplus",
     {0.01814993, 0.0716447, 0.3132617, 0.5543553, 0.6931472, 0.8543553, 1.313262, 2.671645, 4.01815},
     {0.01798621, 0.06913843, 0.2689414, 0.4255575, 0.5, 0.5744426, 0.7310586, 0.9308616, 0.9820138}},
    {"softsign",
     {-0.8, -0.7222222, -0.5, -0.2307692, 0.0, 0.2307692, 0.5, 0.7222222, 0.8},
     {0.04000001, 0.07716051, 0.25, 0.591716, 1.0, 0.591716, 0.25, 0.07716051, 0.04000001}},
    {"silu",
     {-0.07194484, -0.1797599, -0.2689414, -0.1276672, 0.0, 0.1723328, 0.7310586, 2.42024, 3.928055},
     {-0.05266461, -0.09819317, 0.07232948, 0.35222, 0.5, 0.6477801, 0.9276705, 1.098193, 1.052665}},
    {"gelu",
     {-0.0001267195, -0.0121192, -0.1586553, -0.1146266, 0.0, 0.1853734, 0.8413447, 2.587881, 3.999873},
     {-0.0005036294, -0.03065449, -0.08331543, 0.2676723, 0.5, 0.7323278, 1.083315, 1.030655, 1.000504}},
    {"sigmoid",
     {0.01798621, 0.06913843, 0.2689414, 0.4255575, 0.5, 0.5744425, 0.7310586, 0.9308616, 0.9820138},
     {0.01766271, 0.06435831, 0.1966119, 0.2444583, 0.25, 0.2444583, 0.1966119, 0.06435829, 0.01766273}},
    {"hard_sigmoid",
     {0.0, 0.06666669, 0.3333333, 0.45, 0.5, 0.55, 0.6666667, 0.9333333, 1.0},
     {0.0, 0.1666667, 0.1666667, 0.1666667, 0.1666667, 0.1666667, 0.1666667, 0.1666667, 0.0}},
    {"hard_silu",
     {-0.0, -0.1733334, -0.3333333, -0.135, 0.0, 0.165, 0.6666667, 2.426666, 4.0},
     {0.0, -0.3666666, 0.1666667, 0.4, 0.5, 0.6, 0.8333334, 1.366667, 1.0}},
    {"tanh",
     {-0.9993293, -0.9890274, -0.7615942, -0.2913126, 0.0, 0.2913126, 0.7615942, 0.9890274, 0.9993293},
     {0.001340893, 0.02182484, 0.4199743, 0.9151369, 1.0, 0.9151369, 0.4199743, 0.02182484, 0.001340893}},
    {"hard_tanh", {-1.0, -1.0, -1.0, -0.3, 0.0, 0.3, 1.0, 1.0, 1.0}, {0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0}},
    {"mish",
     {-0.07259174, -0.1859582, -0.3034015, -0.1511332, 0.0, 0.2080014, 0.8650984, 2.575262, 3.997413},
     {-0.0537732, -0.107318, 0.05921675, 0.4085109, 0.6, 0.7828273, 1.049036, 1.036322, 1.004433}},
    {"exponential",
     {0.01831564, 0.07427359, 0.3678795, 0.7408182, 1.0, 1.349859, 2.718282, 13.46374, 54.59815},
     {0.01831564, 0.07427359, 0.3678795, 0.7408182, 1.0, 1.349859, 2.718282, 13.46374, 54.59815}},
    {"log_sigmoid",
     {-4.01815, -2.671645, -1.313262, -0.8543552, -0.6931472, -0.5543552, -0.3132617, -0.0716447, -0.01814993},
     {0.9820138, 0.9308616, 0.7310586, 0.5744425, 0.5, 0.4255575, 0.2689414, 0.06913843, 0.01798621}},
    {"squareplus",
     {0.236068, 0.340122, 0.618034, 0.8611875, 1.0, 1.161187, 1.618034, 2.940122, 4.236068},
     {0.05278641, 0.103688, 0.2763932, 0.4258298, 0.5, 0.5741702, 0.7236068, 0.896312, 0.9472136}},
    {"soft_shrink", {-3.5, -2.1, -0.5, 0.0, 0.0, 0.0, 0.5, 2.1, 3.5}, {1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0}},
    {"hard_shrink", {-4.0, -2.6, -1.0, 0.0, 0.0, 0.0, 1.0, 2.6, 4.0}, {1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0}},
    {"tanh_shrink",
     {-3.000671, -1.610973, -0.2384058, -0.008687377, 0.0, 0.008687377, 0.2384058, 1.610973, 3.000671},
     {0.9986591, 0.9781752, 0.5800257, 0.08486307, 0.0, 0.08486307, 0.5800257, 0.9781752, 0.9986591}},
    {"sparse_plus",
     {0.0, 0.0, 0.0, 0.1225, 0.25, 0.4225, 1.0, 2.6, 4.0},
     {0.0, 0.0, 0.0, 0.35, 0.5, 0.65, 1.0, 1.0, 1.0}},
    {"sparse_sigmoid", {0.0, 0.0, 0.0, 0.35, 0.5, 0.65, 1.0, 1.0, 1.0}, {0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0}},
};

TEST(Activations, EqualKeras) {
  for (const Golden& golden : kGolden) {
    const ActivationChoice choice = choose_activation(golden.name);
    ASSERT_NE(choice.function, nullptr) << golden.name;
    for_each_target([&] {
      const Result r =
          run({choice.function, choice.parameters, golden.name}, {std::begin(kGoldenInputs), std::end(kGoldenInputs)});
      for (std::size_t i = 0; i < r.y.size(); ++i) {
        EXPECT_NEAR(r.y[i], golden.values[i], 2e-6 * std::max(1.0, std::abs(golden.values[i])))
            << golden.name << " " << i;
        EXPECT_NEAR(r.slope[i], golden.slopes[i], 2e-6 * std::max(1.0, std::abs(golden.slopes[i])))
            << golden.name << " " << i;
        EXPECT_NEAR(choice.function->df(kGoldenInputs[i], choice.parameters), golden.slopes[i],
                    2e-6 * std::max(1.0, std::abs(golden.slopes[i])))
            << golden.name << " " << i;
      }
    });
  }
}

// ---- Integrals under the normal distribution ------------------------------------------------------------------

struct Node {
  double x;
  double weight;
};

// Gauss-Legendre on [-1, 1]: Newton's method on the Legendre polynomial.
std::array<Node, 16> gauss_legendre() {
  constexpr int kCount = 16;
  std::array<Node, kCount> nodes{};
  for (int i = 0; i < kCount; ++i) {
    double x = std::cos(std::numbers::pi * (i + 0.75) / (kCount + 0.5));
    double slope = 0;
    for (int iteration = 0; iteration < 20; ++iteration) {
      double previous = 1;
      double p = x;
      for (int k = 2; k <= kCount; ++k) {
        const double next = ((2 * k - 1) * x * p - (k - 1) * previous) / k;
        previous = p;
        p = next;
      }
      slope = kCount * (x * p - previous) / (x * x - 1);
      x -= p / slope;
    }
    nodes[static_cast<std::size_t>(i)] = {x, 2 / ((1 - x * x) * slope * slope)};
  }
  return nodes;
}

// E[f(sqrt(q) z)] for a standard normal z, panel by panel between the kinks.
template <class F>
double expectation(const ActivationFunction& function, double q, const F& f) {
  const double s = std::sqrt(q);
  std::vector<double> edges;
  for (int i = 0; i <= 32; ++i) edges.push_back(-9 + 18.0 * i / 32);
  for (double edge = 0.5 / s; edge < 9; edge *= 2) edges.insert(edges.end(), {edge, -edge});
  for (const double kink : function.kinks) {
    if (std::abs(kink / s) < 9) edges.push_back(kink / s);
  }
  std::sort(edges.begin(), edges.end());
  static const std::array<Node, 16> nodes = gauss_legendre();
  double sum = 0;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const double half = (edges[i + 1] - edges[i]) / 2;
    for (const Node& node : nodes) {
      const double z = edges[i] + half * (1 + node.x);
      sum += half * node.weight * f(s * z) * std::exp(-z * z / 2);
    }
  }
  return sum / std::sqrt(2 * std::numbers::pi);
}

TEST(Activations, IntegralsOfDefinitionAndDerivative) {
  for (const GaussianIntegral& golden : kGaussianIntegrals) {
    const ActivationChoice choice = choose_activation(golden.name);
    const ActivationFunction& function = *choice.function;
    const auto f = [&](double x) { return function.f(x, choice.parameters); };
    const auto df = [&](double x) { return function.df(x, choice.parameters); };
    EXPECT_NEAR(expectation(function, golden.q, f), golden.mean, 1e-13 * (1 + golden.q)) << golden.name;
    EXPECT_NEAR(expectation(function, golden.q, [&](double x) { return f(x) * f(x); }), golden.mean_square,
                1e-13 * (1 + golden.q))
        << golden.name << " " << golden.q;
    EXPECT_NEAR(expectation(function, golden.q, [&](double x) { return df(x) * df(x); }), golden.mean_square_slope,
                1e-13)
        << golden.name << " " << golden.q;
  }
}

}  // namespace
}  // namespace evenflow
