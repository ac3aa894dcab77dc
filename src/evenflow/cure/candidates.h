// What is worth a training: remedies that the symptoms call for, applied, probed at rest and ranked.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evenflow/cure/symptoms.h"

namespace evenflow {

// A candidate with what is needed to train it.
struct Attempt {
  Candidate candidate;
  Recipe recipe;
  Trace trace;
  std::vector<Finding> findings;
  double penalty = 0;  // rank: smaller first
  std::vector<RemedyKind> kinds;
  bool worth_training = true;
};

struct AtRest {
  Trace trace;
  std::vector<Finding> findings;
};
// Probes fresh draws of the recipe's weights.
AtRest at_rest(const Recipe& recipe, const Dataset& data);

struct Plan {
  std::vector<Attempt> attempts;  // best first; those not worth training last
  std::vector<Refused> refused;
};
// One remedy each.
Plan plan_single(const Case& c, std::span<const Symptom> symptoms, std::span<const Finding> findings,
                 std::span<const RemedyKind> only);
// `id` on top of an attempt; `c` is the case of the attempt's recipe. Absent when it refuses or the probe finds more
// wrong than before.
std::optional<Attempt> combined(const Attempt& attempt, const Case& c, std::string_view id);

}  // namespace evenflow
