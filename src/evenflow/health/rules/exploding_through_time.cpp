// A recurrent layer's gradient grows from time step to time step (theory, section 2.9).
#include "evenflow/health/backward_change.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

Verdict watch(const RunTrace& run) {
  return judge_time(
      run, Change::grows,
      {"clipping by global norm: it is made for this", "recurrent weights with a smaller gain (orthogonal, 1)"});
}

}  // namespace

extern const Rule exploding_through_time;
constinit const Rule exploding_through_time{
    .id = "exploding-through-time",
    .summary = "The gradient explodes on its way back through time.",
    .watch = watch,
};

}  // namespace evenflow::rules
