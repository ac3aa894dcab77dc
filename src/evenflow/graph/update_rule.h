// The interface through which the graph runs optimizers: one element-wise update of a variable and its slots.
#pragma once

#include <cstddef>
#include <cstdint>

namespace evenflow {

inline constexpr std::size_t kUpdateSlots = 3;
inline constexpr std::size_t kUpdateCoefficients = 12;
inline constexpr std::size_t kUpdateHyperparameters = 8;

// What an update tells of a variable: sums over its elements.
struct UpdateStatistics {
  double gradient_sum = 0;
  double gradient_squares = 0;  // of the raw gradient, before clipping; finite elements only
  double gradient_maximum = 0;  // of the absolute values, finite elements only
  double gradient_zeros = 0;
  double gradient_non_finite = 0;
  double weight_squares = 0;  // before the update
  double update_squares = 0;  // of the change
};
inline constexpr std::size_t kUpdateStatistics = 7;

// One block of a variable. All arrays have `count` elements.
struct UpdateBlock {
  float* weights;
  const float* gradient;
  float* slots[kUpdateSlots];
  std::size_t count;
  const float* coefficients;     // of this step, made by UpdateRule::coefficients
  float gradient_scale;          // clipping by norm: the gradient is used as gradient * gradient_scale
  float clip_value;              // then clamped to [-clip_value, clip_value]; infinity: no clamping
  float decay;                   // decoupled: weights -= weights * decay first; 0: none
  UpdateStatistics* statistics;  // added to; null: none wanted
};

struct UpdateRule {
  const char* name;
  std::size_t slots;            // how many arrays beside the weights
  float initial[kUpdateSlots];  // what they start with, unless slot_from_config says otherwise
  // Numbers that change with the step, computed once per step for all variables.
  void (*coefficients)(const double* hyperparameters, std::uint64_t step, double learning_rate, float* out);
  void (*update)(const UpdateBlock& block);
};

}  // namespace evenflow
