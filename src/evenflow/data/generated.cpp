#include "evenflow/data/generated.h"

#include <algorithm>

#include "evenflow/base/text.h"

namespace evenflow {

std::int64_t sample_count(DataSpec& spec, std::int64_t numbers, std::int64_t default_samples) {
  constexpr std::int64_t kMostNumbers = std::int64_t{1} << 30;
  const std::int64_t samples = spec.integer("samples", default_samples, 1);
  if (samples > kMostNumbers / numbers) {
    fail(ErrorKind::usage, "data {}: {} samples of {} numbers are more than 4 GiB", spec.head, samples, numbers);
  }
  return samples;
}

std::uint64_t seed_of(DataSpec& spec) {
  return static_cast<std::uint64_t>(spec.integer("seed", 0, 0));
}

std::int64_t steps_option(DataSpec& spec, const std::string& key, std::int64_t fallback, std::int64_t least) {
  constexpr std::int64_t kMost = 1'000'000;
  const std::int64_t steps = spec.integer(key, fallback, least);
  if (steps > kMost) fail(ErrorKind::usage, "data {}: {} is {}; {} is the most", spec.head, key, steps, kMost);
  return steps;
}

GeneratedSize generated_size(DataSpec& spec, std::int64_t default_features) {
  const std::int64_t features = default_features == kPlane ? 2 : spec.integer("features", default_features, 1);
  const std::int64_t samples = sample_count(spec, features);
  return {samples, features, seed_of(spec)};
}

Forecast forecast_size(DataSpec& spec, std::int64_t default_horizon) {
  const std::int64_t window = steps_option(spec, "window", 50);
  const std::int64_t horizon = steps_option(spec, "horizon", default_horizon);
  return {.samples = sample_count(spec, window), .window = window, .horizon = horizon};
}

Dataset windows(const std::vector<float>& series, const Forecast& forecast) {
  Dataset data{.x = Tensor({forecast.samples, forecast.window, 1}), .y = Tensor({forecast.samples})};
  for (std::int64_t i = 0; i < forecast.samples; ++i) {
    std::copy_n(series.begin() + i, forecast.window, data.x.data() + i * forecast.window);
    data.y[i] = series[static_cast<std::size_t>(i + forecast.window + forecast.horizon - 1)];
  }
  return data;
}

}  // namespace evenflow
