// AutoTrainer's documented order of solutions (X. Zhang et al., "AUTOTRAINER: an automatic DNN training problem
// detection and repair system", ICSE 2021), run by evenflow's engine: each solution is trained for the whole number of
// epochs, the first that learns is taken. Where its own form of a solution is known to be weaker than evenflow's remedy
// (SELU with uniform weights, clipping at 9 to 10), the better one is used; its diagnosis is taken to be right in every
// case.
#pragma once

#include <string>

#include "evenflow/cure.h"

namespace evenflow::bench {

enum class Problem { vanishing, exploding, dying, unstable, not_converging, improper_activation, abnormal_data, none };

struct Repair {
  Recipe recipe;
  std::string change;  // "" when no solution worked
  int trainings = 0;   // the original's included
};
Repair autotrainer(const Recipe& recipe, const Dataset& data, Problem problem);

}  // namespace evenflow::bench
