#include <cmath>
#include <numbers>

#include "evenflow/model/optimizer_type.h"

namespace evenflow::schedules {
namespace {

// Cosine decay that starts again, each period t_mul times as long and m_mul times as high as the one before.
// I. Loshchilov, F. Hutter, "SGDR", ICLR 2017.
double rate(const Json& config, std::uint64_t step) {
  const double t = config.at("t_mul").get<double>();
  const double alpha = config.at("alpha").get<double>();
  double fraction = static_cast<double>(step) / config.at("first_decay_steps").get<double>();
  double restart = 0;
  if (t == 1) {
    restart = std::floor(fraction);
    fraction -= restart;
  } else {
    restart = std::floor(std::log(1 - fraction * (1 - t)) / std::log(t));
    const double before = (1 - std::pow(t, restart)) / (1 - t);
    fraction = (fraction - before) / std::pow(t, restart);
  }
  const double cosine = 0.5 * std::pow(config.at("m_mul").get<double>(), restart) * (1 + std::cos(std::numbers::pi * fraction));
  return config.at("initial_learning_rate").get<double>() * ((1 - alpha) * cosine + alpha);
}

}  // namespace

extern const ScheduleType cosine_decay_restarts;
constinit const ScheduleType cosine_decay_restarts{
    .id = "CosineDecayRestarts",
    .defaults = R"({"initial_learning_rate": 0.01, "first_decay_steps": 1, "t_mul": 2.0, "m_mul": 1.0, "alpha": 0.0})",
    .rate = rate,
};

}  // namespace evenflow::schedules
