// The share of a layer's units in a state that stops learning (dead, saturated), against what a fresh network explains.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/health/rule.h"

namespace evenflow {

struct UnitShare {
  std::string_view name;  // "dead": the evidence's name
  std::optional<double> LayerTrace::*share;
  std::optional<double> LayerTrace::*expected;
  std::optional<double> LayerStep::*recorded;
  double least;              // beyond expectation by this much at least, and by three deviations of the units' chance
  std::string_view meaning;  // "of the units give the same for every sample of a batch": follows "In dense_1 80 % "
  std::vector<std::string> advice;
  // In a training worth a remark only, as long as every layer moves by a healthy share of its weights per step.
  bool harmless_while_moving = false;
};

// At rest, against theory.
Verdict judge(const UnitShare& unit, const Trace& trace);
// In a training, against the run's own first record, which holds what the initial weights explain.
Verdict judge(const UnitShare& unit, const RunTrace& run);

}  // namespace evenflow
