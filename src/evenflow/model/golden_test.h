// For tests: numbers that real Keras made (tests/golden), and programs whose parameters are made from them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "evenflow/base/files.h"
#include "evenflow/base/json_text.h"
#include "evenflow/error.h"
#include "evenflow/graph.h"
#include "evenflow/model.h"

namespace evenflow {

inline Json read_golden(const std::string& name) {
  const std::string path = std::string(EVENFLOW_SOURCE_DIR) + "/tests/golden/" + name;
  return parse_json(read_file(path), path);
}

// The generator of the golden files: g(shape, s)[k] = float32(sin(0.37 (k + 1) + s)).
inline Tensor golden_tensor(const Shape& shape, double s, double factor = 1.0) {
  Tensor tensor(shape);
  for (std::int64_t k = 0; k < tensor.count(); ++k) {
    tensor[k] = static_cast<float>(factor) * static_cast<float>(std::sin(0.37 * static_cast<double>(k + 1) + s));
  }
  return tensor;
}

// What weight j of a golden model starts with.
inline Tensor golden_weight(const std::string& variable, const Shape& shape, std::size_t j, double factor = 1.0) {
  Tensor tensor = golden_tensor(shape, 1.0 + static_cast<double>(j), factor);
  if (variable == "moving_variance" || variable == "variance") {
    for (float& value : tensor.values()) value = std::abs(value) + 0.5f;
  }
  return tensor;
}

inline Shape shape_from(const Json& extents) {
  return Shape(extents.get<std::vector<std::int64_t>>());
}

inline Program compile_with(Graph graph, Weights& weights) {
  return Program::compile(std::move(graph),
                          {.parameter = [&](std::string_view name, const Shape&) { return weights.at(name).data(); }});
}

inline void copy_to(const Buffer& buffer, const Tensor& tensor) {
  ASSERT_EQ(buffer.type.shape, tensor.shape());
  std::copy(tensor.values().begin(), tensor.values().end(), buffer.f32());
}

inline std::vector<double> numbers(const Buffer& buffer) {
  if (buffer.type.dtype == DType::float64) return {buffer.f64(), buffer.f64() + buffer.count()};
  return {buffer.f32(), buffer.f32() + buffer.count()};
}

inline std::vector<double> numbers(const Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

// [sum, sum of squares, first elements...] as Keras has them, to a relative 1e-5: an element relative to the root mean
// square, the sum relative to what it could be without cancellation.
inline void expect_summary(const std::vector<double>& values, const Json& golden, const std::string& what) {
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const double count = static_cast<double>(values.size());
  // Keras's rounding of a number that is 0, such as the gradient of attention's key bias.
  constexpr double kRounding = 1e-11;
  if (const double wanted = golden[1].get<double>(); wanted > 0 && wanted < kRounding) {
    EXPECT_LT(squares, kRounding) << what << " is 0 but for rounding";
    return;
  }
  EXPECT_NEAR(sum, golden[0].get<double>(), 1e-5 * std::sqrt(count * squares) + 1e-12) << what << ": sum";
  EXPECT_NEAR(squares, golden[1].get<double>(), 2e-5 * squares + 1e-12) << what << ": sum of squares";
  for (std::size_t i = 2; i < golden.size(); ++i) {
    const double scale = std::max(std::abs(golden[i].get<double>()), std::sqrt(squares / count));
    EXPECT_NEAR(values[i - 2], golden[i].get<double>(), 1e-5 * scale + 1e-12) << what << ": element " << i - 2;
  }
}

// The message of the Error that `action` throws.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace evenflow
