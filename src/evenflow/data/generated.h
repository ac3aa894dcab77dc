// What the generated sets share. Sample i is of class i modulo the number of classes, so every stretch of the data has
// all of them, and fewer samples are the first ones of more.
#pragma once

#include <cstdint>

#include "evenflow/base/random.h"
#include "evenflow/data/source.h"

namespace evenflow {

struct GeneratedSize {
  std::int64_t samples;
  std::int64_t features;
  std::uint64_t seed;
};
// The options samples, seed and, with a default of more than zero, features. Throws Error(usage) when it would take
// more than 4 GiB.
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

}  // namespace evenflow
