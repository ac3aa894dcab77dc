// Registry of losses: one file each in model/losses.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "evenflow/graph/row_function.h"
#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow {

struct LossFunction {
  std::string_view id;          // Keras's function name, "mean_squared_error"; equals the file's stem
  std::string_view class_name;  // "MeanSquaredError"
  std::string_view aliases;     // "mse MSE", separated by spaces
  // Names and defaults of its numbers in the order of Row::parameters; true and false count as 1 and 0.
  std::string_view parameters = "{}";
  enum class Target : std::uint8_t { same_shape, class_index } target = Target::same_shape;
  RowFunction row;
  // For cross-entropies: the same from logits, and the activation it fuses with ("softmax" or "sigmoid").
  const RowFunction* from_logits = nullptr;
  std::string_view fuses_with = {};
};

std::span<const LossFunction* const> all_losses();

struct LossChoice {
  const LossFunction* function = nullptr;
  double parameters[kRowParameters] = {};
  bool from_logits = false;
};
// From a Keras configuration value (string in any known spelling, or {"class_name", "config"}) to its function name
// with a complete configuration. Throws Error(unsupported) naming the nearest.
Item choose_loss(const Json& config);
LossChoice loss_choice(const Item& loss);

}  // namespace evenflow
