// What the targets ask for.
#pragma once

#include <cstdint>

#include "evenflow/cure/rewrite.h"
#include "evenflow/data.h"

namespace evenflow {

struct Task {
  enum class Kind : std::uint8_t {
    one_hot,        // one of several classes, rows of one 1 and zeros
    class_numbers,  // the same as whole numbers for a sparse cross-entropy
    binary,         // 0 or 1 for a single unit
    values,         // anything else
  } kind = Kind::values;
  double minimum = 0;  // of the targets
  double maximum = 0;
};
// `data` as fit_to_model gave it for `model`.
Task task_of(const Model& model, const Dataset& data);

// The layer that makes the model's output and its activation; `activation_layer` is "" for a linear output.
Site output_site(const Model& model);

// Does the loss apply softmax or sigmoid itself?
bool takes_logits(const Model& model);

}  // namespace evenflow
