// The first steps of a recipe's training, watched closely, and a sweep of its learning rate.
#pragma once

#include "evenflow/cure/remedy.h"
#include "evenflow/cure/trial.h"

namespace evenflow {

inline constexpr std::int64_t kCourseSteps = 60;

// Norms and losses of kCourseSteps steps.
Course watch_course(const Recipe& recipe, const TrialData& data, std::uint64_t seed, const Until& until);
// Fills in the rates: 90 steps from a thousandth of the recipe's rate to 10^4 times it.
void sweep_rates(Course& course, const Recipe& recipe, const TrialData& data, std::uint64_t seed, const Until& until);

}  // namespace evenflow
