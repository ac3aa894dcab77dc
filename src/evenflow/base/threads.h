// The process's one pool of threads: OpenMP's, which oneDNN uses too.
#pragma once

#include <cstddef>
#include <functional>

namespace evenflow {

// 0: as many as the machine has cores.
void set_threads(int count);
int threads();

// Calls body(begin, end) for consecutive ranges that cover [0, count), in parallel when count is at least two
// grains. The ranges are multiples of `grain` (but the last) and depend on nothing but count, grain and threads().
// body must not throw.
template <class Body>
void parallel_for(std::size_t count, std::size_t grain, const Body& body);

}  // namespace evenflow

#include "evenflow/base/threads-inl.h"
