// What the remedies of the learning rate share.
#pragma once

#include <algorithm>
#include <string>

#include "evenflow/base/text.h"
#include "evenflow/cure/remedy.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {

inline Item chosen_optimizer(const Recipe& recipe) {
  const Item& optimizer = recipe.model.compile->optimizer;
  return choose_optimizer(Json{{"class_name", optimizer.type}, {"config", optimizer.config}});
}

// The largest that the recipe's schedule reaches in the first steps.
inline double present_rate(const Recipe& recipe) {
  const Item optimizer = chosen_optimizer(recipe);
  double rate = 0;
  for (std::uint64_t step = 0; step < 1000; ++step) rate = std::max(rate, learning_rate(optimizer, step));
  return rate;
}

inline void set_rate(Recipe& recipe, const Json& rate) {
  recipe.model.compile->optimizer.config["learning_rate"] = rate;
}

// The nearest number of two digits: thresholds and rates are orders of magnitude and not measurements.
inline double two_digits(double value) {
  return std::stod(fmt::format("{:.1e}", value));
}

}  // namespace evenflow
