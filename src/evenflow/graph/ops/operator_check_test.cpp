#include "evenflow/graph/ops/operator_check_test.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/scale.h"
#include "evenflow/graph/ops/unary.h"

namespace evenflow::ops {
namespace {

double norm(const Doubles& x) {
  return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
}

double distance(const Doubles& a, const Doubles& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

// Inputs hold float32 numbers, so that operator and twin see the same ones.
Doubles draw(const OperatorCase& c, std::size_t input, Random& random) {
  Doubles values(static_cast<std::size_t>(c.shapes[input].count()));
  for (double& value : values) {
    value = static_cast<double>(static_cast<float>(c.draw ? c.draw(random, input) : random.normal()));
  }
  return values;
}

std::string input_name(std::size_t i) {
  return "input_" + std::to_string(i);
}

// The operator's inputs are computed values, for only those can be taken over in place: half of what is fed.
struct Built {
  Graph graph;
  std::vector<ValueId> inputs;
  ValueId result;
};

Built build(const OperatorCase& c) {
  Built built;
  for (std::size_t i = 0; i < c.shapes.size(); ++i) {
    built.inputs.push_back(scale(built.graph, built.graph.input(input_name(i), c.shapes[i]), 0.5f));
  }
  built.result = c.build(built.graph, built.inputs);
  built.graph.output("result", built.result);
  return built;
}

CompileOptions options_of(const OperatorCase& c, bool fuse, bool reuse) {
  return {.parameter = c.options.parameter, .fuse = fuse, .reuse_memory = reuse};
}

void expect_near(const Doubles& actual, const Doubles& expected, double tolerance, double floor,
                 const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  const double bound = tolerance * std::max(norm(expected), floor);
  const double error = distance(actual, expected);
  EXPECT_LE(error, bound) << what;
  if (!std::isfinite(error)) ADD_FAILURE() << what << ": not finite";
}

// d <cotangent, twin> / d input by central differences.
Doubles numeric_gradient(const OperatorCase& c, std::vector<Doubles> inputs, std::size_t by, const Doubles& cotangent) {
  const auto value = [&] {
    const Doubles result = c.twin(inputs);
    return std::inner_product(result.begin(), result.end(), cotangent.begin(), 0.0);
  };
  Doubles gradient;
  for (double& x : inputs[by]) {
    const double at = x;
    const double step = 1e-6 * std::max(1.0, std::fabs(at));
    x = at + step;
    const double above = value();
    x = at - step;
    const double below = value();
    x = at;
    gradient.push_back((above - below) / (2 * step));
  }
  return gradient;
}

}  // namespace

Shape random_shape(Random& random, int rank, std::int64_t largest) {
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < rank; ++axis) {
    const auto extent = 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(largest)));
    dims.push_back(random.below(4) == 0 ? 1 : extent);
  }
  return Shape(dims);
}

Index unravel(std::size_t element, const Shape& shape) {
  Index index(static_cast<std::size_t>(shape.rank()));
  auto rest = static_cast<std::int64_t>(element);
  for (std::size_t axis = index.size(); axis-- > 0;) {
    index[axis] = rest % shape[static_cast<int>(axis)];
    rest /= shape[static_cast<int>(axis)];
  }
  return index;
}

std::size_t ravel(const Index& index, const Shape& shape) {
  std::int64_t element = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis)
    element = element * shape[static_cast<int>(axis)] + index[axis];
  return static_cast<std::size_t>(element);
}

CompileOptions ParameterStore::options(bool fuse, bool reuse) {
  return {.parameter =
              [this](std::string_view name, const Shape& shape) {
                const auto [it, fresh] = tensors_.try_emplace(std::string(name), shape);
                if (!fresh && it->second.shape() != shape) fail(ErrorKind::internal, "wrong shape of '{}'", name);
                return it->second.data();
              },
          .fuse = fuse,
          .reuse_memory = reuse};
}

std::map<std::string, Doubles> run_graph(Graph graph, const std::map<std::string, Doubles>& values,
                                         const CompileOptions& options, const StepState& state) {
  std::vector<std::string> names;
  for (const auto& [name, id] : graph.outputs()) names.push_back(name);
  Program program = Program::compile(std::move(graph), options);
  program.state() = state;
  for (const auto& [name, numbers] : values) {
    const Buffer buffer = program.input(name);
    if (buffer.count() != numbers.size()) fail(ErrorKind::internal, "input '{}' has the wrong size", name);
    std::transform(numbers.begin(), numbers.end(), buffer.f32(), [](double v) { return static_cast<float>(v); });
  }
  program.run();
  std::map<std::string, Doubles> results;
  for (const std::string& name : names) {
    const Buffer buffer = program.output(name);
    Doubles& result = results[name];
    if (buffer.type.dtype == DType::float64) {
      result.assign(buffer.f64(), buffer.f64() + buffer.count());
    } else {
      result.assign(buffer.f32(), buffer.f32() + buffer.count());
    }
  }
  return results;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void check_operator(const OperatorCase& c, std::uint64_t seed) {
  std::string shapes;
  for (const Shape& shape : c.shapes) shapes += to_string(shape) + " ";
  SCOPED_TRACE(fmt::format("seed {}, inputs {}", seed, shapes));

  Random random(seed);
  std::vector<Doubles> inputs;
  std::map<std::string, Doubles> fed;
  for (std::size_t i = 0; i < c.shapes.size(); ++i) {
    inputs.push_back(draw(c, i, random));
    Doubles twice = inputs.back();
    for (double& value : twice) value *= 2;
    fed[input_name(i)] = twice;
  }
  const Doubles expected = c.twin(inputs);
  const double floor = std::sqrt(static_cast<double>(expected.size()));

  // Forward alone, so that the operator may write over its input.
  const auto forward = run_graph(build(c).graph, fed, options_of(c, false, true), c.state);
  expect_near(forward.at("result"), expected, c.forward_tolerance, floor, "forward, in place");
  if (!c.differentiable) return;

  std::vector<std::size_t> by = c.differentiate_by;
  if (by.empty()) {
    by.resize(c.shapes.size());
    std::iota(by.begin(), by.end(), std::size_t{0});
  }
  Doubles cotangent(expected.size());
  for (double& value : cotangent) value = static_cast<double>(static_cast<float>(random.normal()));
  fed["cotangent"] = cotangent;
  std::vector<Doubles> gradients;
  for (const std::size_t i : by) gradients.push_back(numeric_gradient(c, inputs, i, cotangent));

  for (const bool optimized : {true, false}) {
    Built built = build(c);
    const ValueId dy = built.graph.input("cotangent", built.graph.shape(built.result));
    std::vector<ValueId> wrt;
    for (const std::size_t i : by) wrt.push_back(built.inputs[i]);
    const std::vector<ValueId> found = differentiate(built.graph, built.result, wrt, dy);
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_TRUE(found[i]) << "no gradient for input " << by[i];
      EXPECT_EQ(built.graph.shape(found[i]), c.shapes[by[i]]);
      built.graph.output("gradient_" + std::to_string(i), found[i]);
    }
    const auto results = run_graph(std::move(built.graph), fed, options_of(c, optimized, optimized), c.state);
    const std::string how = optimized ? "fused" : "plain";
    expect_near(results.at("result"), expected, c.forward_tolerance, floor, "forward, " + how);
    for (std::size_t i = 0; i < by.size(); ++i) {
      expect_near(results.at("gradient_" + std::to_string(i)), gradients[i], c.gradient_tolerance,
                  1e-2 * norm(cotangent), fmt::format("gradient of input {}, {}", by[i], how));
    }
  }
}

namespace {

// A function whose derivative is wrong by 1 %.
void cube_forward(const float* x, float* y, std::size_t count, const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) y[i] = x[i] * x[i] * x[i];
}
void wrong_backward(const float* x, const float*, const float* dy, float* dx, std::size_t count,
                    const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = 3.03f * x[i] * x[i] * dy[i];
}
constexpr UnaryFunction kWrongCube{"wrong_cube", cube_forward, wrong_backward, true, false};

OperatorCase cube_case(double factor) {
  return {.shapes = {{4, 3}},
          .build = [](Graph& g, std::span<const ValueId> in) { return unary(g, in[0], kWrongCube); },
          .twin =
              [factor](std::span<const Doubles> in) {
                Doubles y = in[0];
                for (double& v : y) v = factor * v * v * v;
                return y;
              }};
}

// The messages of the failures that a check makes.
std::vector<std::string> failures_of(const OperatorCase& c) {
  testing::TestPartResultArray results;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    check_operator(c, 1);
  }
  std::vector<std::string> messages;
  for (int i = 0; i < results.size(); ++i) messages.emplace_back(results.GetTestPartResult(i).message());
  return messages;
}

TEST(OperatorCheck, SeesAWrongGradient) {
  const std::vector<std::string> failures = failures_of(cube_case(1.0));
  ASSERT_EQ(failures.size(), 2u);
  for (const std::string& failure : failures) EXPECT_NE(failure.find("gradient of input 0"), std::string::npos);
}

TEST(OperatorCheck, SeesAWrongResult) {
  OperatorCase wrong = cube_case(1.0001);
  wrong.differentiable = false;
  const std::vector<std::string> failures = failures_of(wrong);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_NE(failures[0].find("forward, in place"), std::string::npos);
}

}  // namespace
}  // namespace evenflow::ops
