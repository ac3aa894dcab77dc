// Registry of initializers: one file each in model/initializers.
#pragma once

#include <span>
#include <string_view>

#include "evenflow/base/random.h"
#include "evenflow/json.h"
#include "evenflow/model.h"
#include "evenflow/tensor.h"

namespace evenflow {

struct Fans {
  double in = 1;
  double out = 1;
};
// Keras's compute_fans (spec D.2).
Fans fans(const Shape& shape);

struct InitializerType {
  std::string_view id;        // Keras's class name, e.g. "HeNormal"
  std::string_view alias;     // the short name, e.g. "he_normal"
  std::string_view defaults;  // JSON object of its configuration keys
  Tensor (*make)(const Shape& shape, const Json& config, Random& random);
  // Variance of one element, for theory: what make() draws has this.
  double (*variance)(const Shape& shape, const Json& config);
};

std::span<const InitializerType* const> all_initializers();

// From a Keras configuration value: "he_normal", {"class_name", "config"}; Keras 2 spellings included.
// The result has the class name as type and a complete configuration. Throws Error(unsupported).
Item choose_initializer(const Json& config);
const InitializerType& initializer_type(std::string_view id);

}  // namespace evenflow
