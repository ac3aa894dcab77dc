// A recurrent layer's gradient shrinks from time step to time step (theory, section 2.9).
#include "evenflow/health/backward_change.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

Verdict watch(const RunTrace& run) {
  return judge_time(run, Change::shrinks,
                    {"LSTM or GRU with a forget bias that fits the length (1 for 50 steps, more for longer)",
                     "shorter sequences, or attention over them"});
}

}  // namespace

extern const Rule vanishing_through_time;
constinit const Rule vanishing_through_time{
    .id = "vanishing-through-time",
    .summary = "The gradient vanishes on its way back through time.",
    .watch = watch,
};

}  // namespace evenflow::rules
