#include <algorithm>
#include <cmath>

#include "evenflow/model/optimizer_type.h"

namespace evenflow::schedules {
namespace {

// (initial - end) (1 - s / N)^power + end, with s the step, at most N; cycle: N grows to the next multiple instead
double rate(const Json& config, std::uint64_t step) {
  const double end = config.at("end_learning_rate").get<double>();
  double steps = config.at("decay_steps").get<double>();
  double s = static_cast<double>(step);
  if (config.at("cycle").get<bool>()) {
    steps *= step == 0 ? 1 : std::ceil(s / steps);
  } else {
    s = std::min(s, steps);
  }
  return (config.at("initial_learning_rate").get<double>() - end) *
             std::pow(1 - s / steps, config.at("power").get<double>()) +
         end;
}

}  // namespace

extern const ScheduleType polynomial_decay;
constinit const ScheduleType polynomial_decay{
    .id = "PolynomialDecay",
    .defaults =
        R"({"initial_learning_rate": 0.01, "decay_steps": 1, "end_learning_rate": 0.0001, "power": 1.0, "cycle": false})",
    .rate = rate,
};

}  // namespace evenflow::schedules
