#include <algorithm>
#include <cmath>
#include <numbers>

#include "evenflow/model/optimizer_type.h"

namespace evenflow::schedules {
namespace {

// Half a cosine from the initial rate to alpha times it over decay_steps; with warmup_target first a line up to that.
// I. Loshchilov, F. Hutter, "SGDR", ICLR 2017.
double rate(const Json& config, std::uint64_t step) {
  const double initial = config.at("initial_learning_rate").get<double>();
  const double alpha = config.at("alpha").get<double>();
  double from = initial;
  auto s = static_cast<double>(step);
  if (!config.at("warmup_target").is_null()) {
    const double warmup = config.at("warmup_steps").get<double>();
    from = config.at("warmup_target").get<double>();
    if (s < warmup) return initial + (from - initial) * s / warmup;
    s -= warmup;
  }
  const double steps = config.at("decay_steps").get<double>();
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * std::min(s, steps) / steps));
  return from * ((1 - alpha) * cosine + alpha);
}

}  // namespace

extern const ScheduleType cosine_decay;
constinit const ScheduleType cosine_decay{
    .id = "CosineDecay",
    .defaults =
        R"({"initial_learning_rate": 0.01, "decay_steps": 1, "alpha": 0.0, "warmup_target": null, "warmup_steps": 0})",
    .rate = rate,
};

}  // namespace evenflow::schedules
