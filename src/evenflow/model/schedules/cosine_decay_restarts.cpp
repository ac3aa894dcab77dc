#include <cmath>
#include <numbers>

#include "evenflow/base/text.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow::schedules {
namespace {

// Cosine decay that starts again, each period t_mul times as long and m_mul times as high as the one before.
// I. Loshchilov, F. Hutter, "SGDR", ICLR 2017.
double rate(const Json& config, std::uint64_t step) {
  const double t = config.at("t_mul").get<double>();
  const double alpha = config.at("alpha").get<double>();
  if (!(t >= 1)) fail(ErrorKind::unsupported, "CosineDecayRestarts: t_mul {} is below 1", t);
  double fraction = static_cast<double>(step) / config.at("first_decay_steps").get<double>();
  double restart = 0;
  if (t == 1) {
    restart = std::floor(fraction);
    fraction -= restart;
  } else {
    // Keras takes a logarithm, which rounding may put on the wrong side of a restart.
    double length = 1;
    for (; fraction >= length; length *= t) {
      fraction -= length;
      ++restart;
    }
    fraction /= length;
  }
  const double cosine =
      0.5 * std::pow(config.at("m_mul").get<double>(), restart) * (1 + std::cos(std::numbers::pi * fraction));
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
