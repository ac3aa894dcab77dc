#pragma once

#include <omp.h>

#include <algorithm>

namespace evenflow {

template <class Body>
void parallel_for(std::size_t count, std::size_t grain, const Body& body) {
  const std::size_t grains = (count + grain - 1) / grain;
  const auto workers = std::min<std::size_t>(static_cast<std::size_t>(threads()), grains);
  if (workers < 2) {
    if (count > 0) body(std::size_t{0}, count);
    return;
  }
#pragma omp parallel num_threads(static_cast <int>(workers))
  {
    const auto team = static_cast<std::size_t>(omp_get_num_threads());
    const auto me = static_cast<std::size_t>(omp_get_thread_num());
    const std::size_t begin = std::min(count, grains * me / team * grain);
    const std::size_t end = std::min(count, grains * (me + 1) / team * grain);
    if (begin < end) body(begin, end);
  }
}

}  // namespace evenflow
