// Registry of activations: one file each in model/activations. Adding one costs that file and its test.
#pragma once

#include <limits>
#include <span>
#include <string_view>

#include "evenflow/json.h"
#include "evenflow/tensor/kernels/unary.h"

namespace evenflow {

struct ActivationFunction {
  std::string_view id;          // Keras's spelling; equals the file's stem
  std::string_view alias = {};  // another Keras name, e.g. "swish"
  std::string_view onnx = {};   // ONNX operator; empty: a composition
  // Names and defaults of the numbers it takes, in the order of UnaryParameters: R"({"negative_slope": 0.2})"; null is
  // 0.
  std::string_view parameters = "{}";
  // The definition in double precision: theory and tests read this one.
  double (*f)(double x, const UnaryParameters& parameters);
  // Its derivative; at a kink the value that the kernel's backward uses.
  double (*df)(double x, const UnaryParameters& parameters);
  // Where f or df is not smooth, for quadrature; NaN and repeated entries do not count.
  double kinks[3] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN(),
                     std::numeric_limits<double>::quiet_NaN()};
  // A unit is saturated where its output lies at or beyond these (spec/theory section 8.1).
  double saturated_below = -std::numeric_limits<double>::infinity();
  double saturated_above = std::numeric_limits<double>::infinity();
  bool has_dead_zone = false;  // the slope is exactly 0 on a half line: units can die
  UnaryFunction kernel;
};

// Sorted by id. Generated from the folder.
std::span<const ActivationFunction* const> all_activations();

// An activation with its numbers. "softmax", "log_softmax" and other functions of a whole row are not here: they are
// layers (`function` null, `row_wise` set).
struct ActivationChoice {
  const ActivationFunction* function = nullptr;
  UnaryParameters parameters{};
  std::string_view name;  // "relu", "softmax", ...
  bool row_wise = false;  // softmax along the last axis
};

// From a Keras configuration value: null, "relu", {"class_name": "function", "config": "relu"}, or a serialized
// activation layer {"class_name": "LeakyReLU", "config": {...}}. keras_major 2 chooses Keras 2's hard_sigmoid.
// Throws Error(unsupported) naming the nearest known activation.
ActivationChoice choose_activation(const Json& config, int keras_major = 3);
const ActivationFunction* find_activation(std::string_view id);

}  // namespace evenflow
