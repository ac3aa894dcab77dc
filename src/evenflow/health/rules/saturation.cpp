// Outputs at the ends of their activation, beyond what theory expects of a fresh network (theory, section 8.1).
#include "evenflow/health/rule.h"
#include "evenflow/health/unit_share.h"

namespace evenflow::rules {
namespace {

const UnitShare& saturated() {
  static const UnitShare unit{
      .name = "saturated",
      .share = &LayerTrace::saturated,
      .expected = &LayerTrace::expected_saturated,
      .recorded = &LayerStep::saturated,
      .least = 0.3,
      .meaning = "of the outputs lie at the ends of their activation, where the slope is near zero",
      .advice = {"smaller initial weights or scaled inputs", "batch_normalization before the activation, or relu"},
      .harmless_while_moving = true,
  };
  return unit;
}

}  // namespace

extern const Rule saturation;
constinit const Rule saturation{
    .id = "saturation",
    .summary = "More outputs are saturated than a fresh network explains.",
    .check = [](const Trace& trace) { return judge(saturated(), trace); },
    .watch = [](const RunTrace& run) { return judge(saturated(), run); },
};

}  // namespace evenflow::rules
