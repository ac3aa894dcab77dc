// Registries of optimizers and learning-rate schedules: one file each in model/optimizers and model/schedules.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/graph/update_rule.h"
#include "evenflow/model.h"

namespace evenflow {

struct OptimizerType {
  std::string_view id;        // Keras's class name; the file's stem is its lower case
  std::string_view defaults;  // JSON object: its own hyper-parameters with Keras's defaults, learning_rate first
  bool adaptive = false;      // divides by the gradient's own size: a small gradient is not a small update
  // Slot names in Keras's order, depending on the settings ("momentum" exists only when momentum > 0).
  std::vector<std::string> (*slots)(const Json& config);
  // The rule for these settings and its numbers.
  const UpdateRule& (*rule)(const Json& config);
  void (*hyperparameters)(const Json& config, double* out);
  // Initial value of a slot, e.g. Adagrad's accumulator.
  float (*initial)(const Json& config, std::size_t slot);
  // Size of the change of one weight per step when every step brings this same gradient (after many steps; for
  // Adagrad the first): what the update ratio of the health room is made of.
  double (*steady_update)(const Json& config, double learning_rate, double gradient);
};

std::span<const OptimizerType* const> all_optimizers();
const OptimizerType& optimizer_type(std::string_view id);  // throws Error(unsupported) naming the nearest

struct Clipping {
  enum class Kind : std::uint8_t { none, value, norm, global_norm } kind = Kind::none;
  double threshold = 0;
};

// From a Keras optimizer configuration (a string such as "adam" or {"class_name", "config"}, any Keras version) to the
// class name with a complete Keras 3 configuration. Throws Error: unknown class or key, two clippings at once.
Item choose_optimizer(const Json& config, KerasVersion version = {});
Clipping clipping(const Item& optimizer);
std::optional<double> weight_decay(const Item& optimizer);

struct ScheduleType {
  std::string_view id;  // "ExponentialDecay"
  std::string_view defaults;
  double (*rate)(const Json& config, std::uint64_t step);
};
std::span<const ScheduleType* const> all_schedules();

// The learning rate of a step: the number, or what the schedule gives.
double learning_rate(const Item& optimizer, std::uint64_t step);

}  // namespace evenflow
