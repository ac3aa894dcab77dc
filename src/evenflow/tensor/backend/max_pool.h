// Maximum pooling of our own: oneDNN's takes NaN for a small number, and wants a workspace kept from the forward pass.
#pragma once

#include "evenflow/tensor/backend/backend.h"

namespace evenflow::backend {

Plan plan_max_pool2d(const Pool2dShape& shape);
// Recomputes which element of each window was the first maximum.
Plan plan_max_pool2d_gradient(const Pool2dShape& shape);

}  // namespace evenflow::backend
