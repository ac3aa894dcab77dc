#include <cmath>

#include "evenflow/model/optimizer_type.h"

namespace evenflow::schedules {
namespace {

// initial * decay_rate^(step / decay_steps)
double rate(const Json& config, std::uint64_t step) {
  double periods = static_cast<double>(step) / config.at("decay_steps").get<double>();
  if (config.at("staircase").get<bool>()) periods = std::floor(periods);
  return config.at("initial_learning_rate").get<double>() * std::pow(config.at("decay_rate").get<double>(), periods);
}

}  // namespace

extern const ScheduleType exponential_decay;
constinit const ScheduleType exponential_decay{
    .id = "ExponentialDecay",
    .defaults = R"({"initial_learning_rate": 0.01, "decay_steps": 1, "decay_rate": 1.0, "staircase": false})",
    .rate = rate,
};

}  // namespace evenflow::schedules
