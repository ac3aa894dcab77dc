// What optimizers make their rules with.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "evenflow/graph/update_rule.h"
#include "evenflow/json.h"

namespace evenflow::optimizers {

inline double number(const Json& config, const char* key) {
  return config.at(key).get<double>();
}

// Coefficients of a step in the order in which a rule's Change reads them.
inline void set(float* out, std::initializer_list<double> coefficients) {
  std::transform(coefficients.begin(), coefficients.end(), out, [](double value) { return static_cast<float>(value); });
}

}  // namespace evenflow::optimizers
