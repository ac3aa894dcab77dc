// The last records of a training as one Trace, so that what shows a network at rest shows it in training as well.
#pragma once

#include "evenflow/health.h"

namespace evenflow {

// Medians over the last records, at most twenty of each kind: the outputs' numbers and gradients of each layer, and the
// gradient and update ratio of its kernel. What was not recorded is absent; the path holds the layers with kernels.
Trace recent(const RunTrace& run);

}  // namespace evenflow
