// Norms of gradients that are exactly zero.
#pragma once

#include "evenflow/health.h"

namespace evenflow {

// A log10 or a difference of two of them below this has kZeroNorm in it: no gradient that was measured is that small.
inline constexpr double kExactlyZero = -300.0;
static_assert(kZeroNorm < kExactlyZero);

}  // namespace evenflow
