#include <cmath>

#include "evenflow/model/optimizer_type.h"

namespace evenflow::schedules {
namespace {

// initial / (1 + decay_rate * step / decay_steps)
double rate(const Json& config, std::uint64_t step) {
  double periods = static_cast<double>(step) / config.at("decay_steps").get<double>();
  if (config.at("staircase").get<bool>()) periods = std::floor(periods);
  return config.at("initial_learning_rate").get<double>() / (1 + config.at("decay_rate").get<double>() * periods);
}

}  // namespace

extern const ScheduleType inverse_time_decay;
constinit const ScheduleType inverse_time_decay{
    .id = "InverseTimeDecay",
    .defaults = R"({"initial_learning_rate": 0.01, "decay_steps": 1, "decay_rate": 0.0, "staircase": false})",
    .rate = rate,
};

}  // namespace evenflow::schedules
