// Regularizers of weights and activities: L1, L2 and their sum.
#pragma once

#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow {

// l1 * sum |w| + l2 * sum w^2
struct Penalty {
  double l1 = 0;
  double l2 = 0;
};

// From a Keras configuration value: "l2", {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}; null gives an item
// without type. Throws Error(unsupported), or Error(input) for a factor that is not a number.
Item choose_regularizer(const Json& config);
// Of an item that choose_regularizer made.
Penalty penalty(const Item& regularizer);

}  // namespace evenflow
