// Windows of the chaotic series of M. C. Mackey and L. Glass, "Oscillation and chaos in physiological control systems",
// Science 197 (1977): dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t), one value per unit of time.
#include <cmath>

#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

constexpr std::int64_t kSubsteps = 10;    // of the integration, per unit of time
constexpr std::int64_t kTransient = 500;  // units of time until the series has forgotten its start

double slope(double now, double delayed) {
  return 0.2 * delayed / (1.0 + std::pow(delayed, 10)) - 0.1 * now;
}

// Runge-Kutta of order 4; between two steps the delayed value is their mean.
std::vector<float> integrate(std::int64_t steps, std::int64_t tau, double start) {
  constexpr double h = 1.0 / kSubsteps;
  std::vector<double> past(static_cast<std::size_t>(tau * kSubsteps), start);  // a ring: the last tau units of time
  std::vector<float> series;
  double x = start;
  std::size_t at = 0;
  for (std::int64_t t = 0; t < kTransient + steps; ++t) {
    if (t >= kTransient) series.push_back(static_cast<float>(x));
    for (std::int64_t i = 0; i < kSubsteps; ++i) {
      const double delayed = past[at];
      past[at] = x;
      at = (at + 1) % past.size();
      const double next = past[at];
      const double middle = 0.5 * (delayed + next);
      const double a = slope(x, delayed);
      const double b = slope(x + 0.5 * h * a, middle);
      const double c = slope(x + 0.5 * h * b, middle);
      const double d = slope(x + h * c, next);
      x += h / 6.0 * (a + 2.0 * b + 2.0 * c + d);
    }
  }
  return series;
}

Dataset generate(DataSpec& spec) {
  const Forecast forecast = forecast_size(spec, 6);
  const std::int64_t tau = steps_option(spec, "tau", 17);
  Random random(seed_of(spec), stream_of("mackey_glass"));
  return windows(integrate(forecast.steps(), tau, random.uniform(0.8, 1.4)), forecast);
}

}  // namespace

extern const Source mackey_glass;
constinit const Source mackey_glass{
    .id = "mackey_glass",
    .usage = "mackey_glass:samples=1000,window=50,horizon=6,tau=17,seed=0",
    .summary =
        "forecasting: a window of the Mackey-Glass series, (window, 1), to the value `horizon` steps behind it. "
        "Saying always the mean, 0.93, has a mean squared error of 0.05",
    .generate = generate};

}  // namespace evenflow::sources
