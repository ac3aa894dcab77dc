// How a training's gradient changes on its way back, through a recurrent layer's time steps or through the layers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenflow/health/rule.h"

namespace evenflow {

enum class Change : std::uint8_t { shrinks, grows };

// In each recurrent layer, from the last time step to the first (theory, section 2.9).
Verdict judge_time(const RunTrace& run, Change change, const std::vector<std::string>& advice);

// From the last hidden layer with a kernel to the first: |dL/d output|, or the kernels' gradients where outputs were
// not recorded. Judged are only changes that theory calls strong (section 8.1): a training moves the weights away from
// what error bars for smaller ones are known for.
Verdict judge_depth(const RunTrace& run, Change change, const std::vector<std::string>& advice);

}  // namespace evenflow
