#include "evenflow/base/threads.h"

#include <omp.h>

#include <algorithm>
#include <thread>

namespace evenflow {

void set_threads(int count) {
  omp_set_num_threads(count > 0 ? count : std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

int threads() {
  return omp_get_max_threads();
}

}  // namespace evenflow
