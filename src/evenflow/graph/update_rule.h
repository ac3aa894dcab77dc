// The interface through which the graph runs optimizers: one update of a variable and its slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "evenflow/tensor.h"

namespace evenflow {

inline constexpr std::size_t kUpdateSlots = 3;
inline constexpr std::size_t kUpdateCoefficients = 12;

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

// What an optimizer keeps beside a variable.
struct UpdateSlot {
  // For a variable (..., m, n): its own shape, (..., m), or (..., n); the latter two are () when it has less than 2
  // axes.
  enum class Extent : std::uint8_t { elements, rows, columns };

  std::string_view name;
  float initial = 0;  // value of every element before the first step
  Extent extent = Extent::elements;
  Shape shape(const Shape& variable) const;
};

struct UpdateRule {
  std::string_view name;
  std::vector<UpdateSlot> slots;  // in Keras's order
  // Numbers that change with the step, computed once per step for all variables; `iteration` counts updates.
  std::function<void(std::uint64_t iteration, double learning_rate, float* out)> coefficients;
  // For rules that look at a variable as a whole (Adafactor): called before its blocks, with all of its elements and
  // all slots, may change slots and the coefficients, which are this variable's own.
  void (*prepare)(const UpdateBlock& variable, const Shape& shape, float* coefficients) = nullptr;
  // Of the slots a block has those of the variable's own extent.
  void (*update)(const UpdateBlock& block) = nullptr;
};

}  // namespace evenflow
