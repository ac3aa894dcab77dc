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
  std::string_view defaults;  // JSON object: its own hyper-parameters with Keras 3's defaults, learning_rate first
  // JSON objects: what stand-alone Keras 2 and tf.keras until 2.10 had instead. Keys "keras2_..." are ours, for what
  // only they computed; Keras's configurations have none.
  std::string_view keras2 = "{}";
  std::string_view tf_keras = "{}";
  bool adaptive = false;        // divides by the gradient's own size: a small gradient is not a small update
  std::size_t interleaved = 1;  // so many first slots Keras stores variable by variable, the others slot by slot
  UpdateRule (*rule)(const Json& config);
  // Size of the change of one weight per step when every step brings this same gradient (after many steps; for
  // Adagrad, Adadelta and Ftrl the first): what the update ratio of the health room is made of.
  double (*steady_update)(const Json& config, double learning_rate, double gradient);
};

std::span<const OptimizerType* const> all_optimizers();
const OptimizerType& optimizer_type(std::string_view id);  // throws Error(unsupported) naming the nearest

// From a Keras optimizer configuration (a string such as "adam" or {"class_name", "config"}, any Keras version) to the
// class name with a complete Keras 3 configuration. Throws Error: unknown class or key, two clippings at once.
Item choose_optimizer(const Json& config, KerasVersion version = {});

struct Clipping {
  enum class Kind : std::uint8_t { none, value, norm, global_norm } kind = Kind::none;
  double threshold = 0;
};
Clipping clipping(const Item& optimizer);
std::optional<double> weight_decay(const Item& optimizer);

// What Keras does around every optimizer's rule beside clipping and decay.
struct MovingAverage {
  double momentum = 0.99;
  std::int64_t overwrite_frequency = 0;  // every so many updates the weights become the average; 0: only after training
};
std::optional<MovingAverage> moving_average(const Item& optimizer);
std::int64_t accumulation_steps(const Item& optimizer);  // 1: an update at every step
double loss_scale(const Item& optimizer);                // 1: none

struct ScheduleType {
  std::string_view id;  // "ExponentialDecay"
  std::string_view defaults;
  double (*rate)(const Json& config, std::uint64_t step);
};
std::span<const ScheduleType* const> all_schedules();

// The learning rate of a step: the number, or what the schedule gives.
double learning_rate(const Item& optimizer, std::uint64_t step);

}  // namespace evenflow
