// What the up-sampling layers share: rows of weights for each way to interpolate.
#pragma once

#include <algorithm>
#include <cmath>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/spatial.h"

namespace evenflow::layers {

// The weights of one new element, number i of `size` times `extent`.
using Interpolation = std::vector<ops::ResampleRows::Tap> (*)(std::int64_t i, std::int64_t size, std::int64_t extent);

inline std::vector<ops::ResampleRows::Tap> repeated(std::int64_t i, std::int64_t size, std::int64_t) {
  return {{i / size, 1.0f}};
}

// Where a new element's centre lies among the old ones' ("half-pixel centres").
inline double centre(std::int64_t i, std::int64_t size) {
  return (static_cast<double>(i) + 0.5) / static_cast<double>(size) - 0.5;
}

// Beyond the edges the outermost elements go on.
inline std::vector<ops::ResampleRows::Tap> linear(std::int64_t i, std::int64_t size, std::int64_t extent) {
  const double at = std::clamp(centre(i, size), 0.0, static_cast<double>(extent - 1));
  const auto below = static_cast<std::int64_t>(at);
  const auto share = static_cast<float>(at - static_cast<double>(below));
  if (share == 0.0f) return {{below, 1.0f}};
  return {{below, 1.0f - share}, {below + 1, share}};
}

// R. Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2. Elements beyond the
// edges are left out and the weights of the others scaled up to a sum of 1.
inline std::vector<ops::ResampleRows::Tap> cubic(std::int64_t i, std::int64_t size, std::int64_t extent) {
  const double at = centre(i, size);
  const auto below = static_cast<std::int64_t>(std::floor(at));
  std::vector<std::pair<std::int64_t, double>> taps;
  double sum = 0;
  for (std::int64_t source = std::max<std::int64_t>(0, below - 1); source <= std::min(extent - 1, below + 2);
       ++source) {
    const double d = std::abs(at - static_cast<double>(source));
    const double weight = d <= 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
    taps.emplace_back(source, weight);
    sum += weight;
  }
  std::vector<ops::ResampleRows::Tap> row;
  for (const auto& [source, weight] : taps) row.push_back({source, static_cast<float>(weight / sum)});
  return row;
}

inline ValueId enlarge(const Spatial& space, Interpolation interpolation) {
  constexpr std::int64_t kMost = 1 << 20;
  const LayerBuilder& builder = space.builder();
  const std::array<std::int64_t, 2> size = space.numbers("size", 1);
  ValueId images = space.images();
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t factor = size[static_cast<std::size_t>(axis)];
    const std::int64_t extent = space.shape()[1 + axis];
    if (factor == 1) continue;
    if (factor > kMost / extent) builder.wrong("size", "must give at most 1048576 rows and columns");
    ops::ResampleRows matrix{.sources = extent};
    for (std::int64_t i = 0; i < factor * extent; ++i) matrix.rows.push_back(interpolation(i, factor, extent));
    images = ops::resample(space.builder().graph(), images, 1 + axis, std::move(matrix));
  }
  return space.restore(images);
}

}  // namespace evenflow::layers
