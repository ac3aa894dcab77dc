// Products so small that a library call costs more than they do.
#pragma once

#include "evenflow/tensor/backend/backend.h"

namespace evenflow::backend {

// One thread, vector code, no blocking for caches: for operands that fit the first two cache levels.
Plan plan_small_matmul(const MatmulShape& shape, const Epilogue& epilogue);

}  // namespace evenflow::backend
