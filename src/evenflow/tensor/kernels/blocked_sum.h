// Sums over long arrays, by several threads and yet in an order that depends on the length alone.
#pragma once

#include <algorithm>
#include <cstddef>

#include "evenflow/base/threads.h"

namespace evenflow::kernels {

// Adds part(begin, end) over consecutive ranges that cover [0, count), from the left with +=. Ranges are multiples of
// `block` long (but the last). Up to 64 blocks are one range; beyond that threads share the work.
template <class Total, class Part>
Total blocked_sum(std::size_t count, std::size_t block, const Part& part) {
  constexpr std::size_t kGroups = 64;
  if (count <= kGroups * block) return part(std::size_t{0}, count);
  const std::size_t length = (count + kGroups * block - 1) / (kGroups * block) * block;
  Total groups[kGroups]{};
  parallel_for(kGroups, 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t g = from; g < to && g * length < count; ++g) {
      groups[g] = part(g * length, std::min((g + 1) * length, count));
    }
  });
  Total total{};
  for (const Total& group : groups) total += group;
  return total;
}

}  // namespace evenflow::kernels
