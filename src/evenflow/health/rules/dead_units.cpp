// Units that are zero for every sample, beyond what theory expects of a fresh network (theory, section 8.1).
#include "evenflow/health/rule.h"
#include "evenflow/health/unit_share.h"

namespace evenflow::rules {
namespace {

const UnitShare& dead() {
  static const UnitShare unit{
      .name = "dead",
      .share = &LayerTrace::dead,
      .expected = &LayerTrace::expected_dead,
      .recorded = &LayerStep::dead,
      .least = 0.2,
      .meaning =
          "of the units give the same for every sample of a batch: their slope is zero, and nothing reaches the "
          "weights before them",
      .advice = {"leaky_relu or elu: their slope is never 0", "a smaller learning rate, and initial biases of zero"},
  };
  return unit;
}

}  // namespace

extern const Rule dead_units;
constinit const Rule dead_units{
    .id = "dead-units",
    .summary = "More units are dead than initialization explains.",
    .check = [](const Trace& trace) { return judge(dead(), trace); },
    .watch = [](const RunTrace& run) { return judge(dead(), run); },
};

}  // namespace evenflow::rules
