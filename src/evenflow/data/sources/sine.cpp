// Windows of a noisy sine wave.
#include <cmath>
#include <numbers>

#include "evenflow/base/text.h"
#include "evenflow/data/generated.h"

namespace evenflow::sources {
namespace {

Dataset generate(DataSpec& spec) {
  const Forecast forecast = forecast_size(spec, 1);
  const double period = spec.number("period", 25.0, 0.0);
  const double noise = spec.number("noise", 0.0, 0.0);
  if (!(period > 0)) fail(ErrorKind::usage, "data sine: period is {}; it must be more than 0", period);
  Random random(seed_of(spec), stream_of("sine"));
  const double start = random.uniform();
  std::vector<float> series;
  for (std::int64_t t = 0; t < forecast.steps(); ++t) {
    const double turns = start + static_cast<double>(t) / period;
    series.push_back(static_cast<float>(std::sin(2.0 * std::numbers::pi * turns) + noise * random.normal()));
  }
  return windows(series, forecast);
}

}  // namespace

extern const Source sine;
constinit const Source sine{.id = "sine",
                            .usage = "sine:samples=1000,window=50,horizon=1,period=25,noise=0,seed=0",
                            .summary =
                                "forecasting: a window of a sine wave, (window, 1), to the value `horizon` steps "
                                "behind it. Saying always 0 has a mean squared error of 0.5 + noise^2",
                            .generate = generate};

}  // namespace evenflow::sources
