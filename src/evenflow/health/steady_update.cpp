#include "evenflow/health/steady_update.h"

#include <algorithm>
#include <cmath>

#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

constexpr double kSmallest = -1000;  // log2 of the gradient
constexpr double kLargest = 1000;
constexpr double kPerOctave = 8;

}  // namespace

double initial_learning_rate(const Item& optimizer) {
  double rate = learning_rate(optimizer, 0);
  const Json given = optimizer.config.value("learning_rate", Json());
  if (given.is_object() && given.contains("config") && given["config"].contains("warmup_steps")) {
    const Json& warmup = given["config"]["warmup_steps"];
    if (warmup.is_number_unsigned()) rate = std::max(rate, learning_rate(optimizer, warmup.get<std::uint64_t>()));
  }
  return rate;
}

SteadyUpdate::SteadyUpdate(const Item& optimizer) {
  const OptimizerType& type = optimizer_type(optimizer.type);
  const double rate = initial_learning_rate(optimizer);
  for (double exponent = kSmallest; exponent <= kLargest; exponent += 1 / kPerOctave) {
    log2_update_.push_back(std::log2(type.steady_update(optimizer.config, rate, std::exp2(exponent))));
  }
}

double SteadyUpdate::operator()(double gradient) const {
  if (!(gradient > 0)) return 0;
  const double position = (std::clamp(std::log2(gradient), kSmallest, kLargest) - kSmallest) * kPerOctave;
  const auto below = std::min(static_cast<std::size_t>(position), log2_update_.size() - 2);
  const double share = position - static_cast<double>(below);
  const double left = log2_update_[below];
  const double right = log2_update_[below + 1];
  if (!std::isfinite(left) || !std::isfinite(right)) return 0;  // no update at all: a learning rate of zero
  return std::exp2(left + share * (right - left));
}

}  // namespace evenflow
