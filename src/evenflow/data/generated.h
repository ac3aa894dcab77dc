// What the generated sets share. Fewer samples are the first ones of more. Where there are classes, sample i is of
// class i modulo their number, so every stretch of the data has all of them.
#pragma once

#include <cstdint>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/data/source.h"

namespace evenflow {

// The option samples. Throws Error(usage) when so many samples of `numbers` numbers each would take more than 4 GiB.
std::int64_t sample_count(DataSpec& spec, std::int64_t numbers, std::int64_t default_samples = 1000);
std::uint64_t seed_of(DataSpec& spec);
// An option that is a length in time.
std::int64_t steps_option(DataSpec& spec, const std::string& key, std::int64_t fallback, std::int64_t least = 1);

struct GeneratedSize {
  std::int64_t samples;
  std::int64_t features;
  std::uint64_t seed;
};
// The options samples, seed and, with a default of more than zero, features.
GeneratedSize generated_size(DataSpec& spec, std::int64_t default_features);
constexpr std::int64_t kPlane = 0;  // two features, not to be chosen

struct Point {
  double x;
  double y;
};

// Points of a plane: `place(label, random)` is one without noise, which is added to both coordinates.
template <class Place>
Dataset plane_points(const GeneratedSize& size, std::int64_t classes, double noise, std::string_view name,
                     Place place) {
  Dataset data{.x = Tensor({size.samples, 2}), .y = Tensor({size.samples}), .classes = classes};
  Random random(size.seed, stream_of(name));
  for (std::int64_t i = 0; i < size.samples; ++i) {
    const std::int64_t label = i % classes;
    const Point point = place(label, random);
    data.x[2 * i] = static_cast<float>(point.x + noise * random.normal());
    data.x[2 * i + 1] = static_cast<float>(point.y + noise * random.normal());
    data.y[i] = static_cast<float>(label);
  }
  return data;
}

// The options window and horizon of a forecasting task: sample i is the window of a series that begins at step i, its
// target the value `horizon` steps behind the window's end.
struct Forecast {
  std::int64_t samples;
  std::int64_t window;
  std::int64_t horizon;
  std::int64_t steps() const { return samples + window + horizon - 1; }  // of the series
};
Forecast forecast_size(DataSpec& spec, std::int64_t default_horizon);
// Inputs (samples, window, 1), targets (samples). `series` has forecast.steps() values.
Dataset windows(const std::vector<float>& series, const Forecast& forecast);

}  // namespace evenflow
