#include "evenflow/tensor/backend/max_pool.h"

#include <algorithm>
#include <limits>

#include "evenflow/base/threads.h"

namespace evenflow::backend {
namespace {

// The part of a window that lies in the image.
struct Range {
  std::int64_t begin, end;
};
Range window(std::int64_t output, std::int64_t stride, std::int64_t pad, std::int64_t size, std::int64_t extent) {
  const std::int64_t start = output * stride - pad;
  return {std::max<std::int64_t>(start, 0), std::min(start + size, extent)};
}

// Calls body(output pixel, rows, columns) for the windows of one sample.
template <class Body>
void for_each_window(const Pool2dShape& s, const Body& body) {
  for (std::int64_t oy = 0; oy < s.output_height(); ++oy) {
    const Range rows = window(oy, s.stride_height, s.pad_top, s.pool_height, s.height);
    for (std::int64_t ox = 0; ox < s.output_width(); ++ox) {
      body(oy * s.output_width() + ox, rows, window(ox, s.stride_width, s.pad_left, s.pool_width, s.width));
    }
  }
}

constexpr std::size_t kSamplesAtOnce = 1;
constexpr std::int64_t kChannelsAtOnce = 64;

// Adds the gradient of `count` neighbouring channels to the first maximum of one window. Loops run over channels, in
// which neither a comparison nor an addition is conditional: so the compiler makes vector code of them.
void pass_back(const Pool2dShape& s, const float* image, const float* arriving, float* gradient, Range rows,
               Range columns, std::int64_t count) {
  float best[kChannelsAtOnce];
  std::int32_t from[kChannelsAtOnce];  // place in the window, in scan order
  std::int32_t place = 0;
  for (std::int64_t r = rows.begin; r < rows.end; ++r) {
    for (std::int64_t c = columns.begin; c < columns.end; ++c, ++place) {
      const float* pixel = image + (r * s.width + c) * s.channels;
      if (place == 0) {
        std::copy_n(pixel, count, best);
        std::fill_n(from, count, 0);
      }
      for (std::int64_t k = 0; k < count; ++k) {
        const float x = pixel[k];
        const float y = best[k];
        const std::int32_t z = from[k];
        const bool better = !(x <= y) & (y == y);  // a NaN wins, the first one stays
        best[k] = better ? x : y;
        from[k] = better ? place : z;
      }
    }
  }
  place = 0;
  for (std::int64_t r = rows.begin; r < rows.end; ++r) {
    for (std::int64_t c = columns.begin; c < columns.end; ++c, ++place) {
      float* pixel = gradient + (r * s.width + c) * s.channels;
      for (std::int64_t k = 0; k < count; ++k) {
        const float whole = arriving[k];
        pixel[k] += from[k] == place ? whole : 0.0f;
      }
    }
  }
}

}  // namespace

Plan plan_max_pool2d(const Pool2dShape& s) {
  return {.run = [=](const float* x, const float*, const float*, float* y, std::byte*) {
    parallel_for(static_cast<std::size_t>(s.batch), kSamplesAtOnce, [=](std::size_t from, std::size_t to) {
      for (std::size_t n = from; n < to; ++n) {
        const float* image = x + static_cast<std::int64_t>(n) * s.height * s.width * s.channels;
        float* result = y + static_cast<std::int64_t>(n) * s.output_height() * s.output_width() * s.channels;
        for_each_window(s, [&](std::int64_t output, Range rows, Range columns) {
          float* best = result + output * s.channels;
          std::fill_n(best, s.channels, -std::numeric_limits<float>::infinity());
          for (std::int64_t r = rows.begin; r < rows.end; ++r) {
            for (std::int64_t c = columns.begin; c < columns.end; ++c) {
              const float* pixel = image + (r * s.width + c) * s.channels;
              // Not (pixel <= best) is true for NaN, and stays so: a NaN once taken is never replaced by a number.
              for (std::int64_t k = 0; k < s.channels; ++k)
                best[k] = !(pixel[k] <= best[k]) && best[k] == best[k] ? pixel[k] : best[k];
            }
          }
        });
      }
    });
  }};
}

Plan plan_max_pool2d_gradient(const Pool2dShape& s) {
  return {.run = [=](const float* x, const float* dy, const float*, float* dx, std::byte*) {
    parallel_for(static_cast<std::size_t>(s.batch), kSamplesAtOnce, [=](std::size_t from, std::size_t to) {
      for (std::size_t n = from; n < to; ++n) {
        const std::int64_t input = s.height * s.width * s.channels;
        const float* image = x + static_cast<std::int64_t>(n) * input;
        float* gradient = dx + static_cast<std::int64_t>(n) * input;
        const float* arriving = dy + static_cast<std::int64_t>(n) * s.output_height() * s.output_width() * s.channels;
        std::fill_n(gradient, input, 0.0f);
        for_each_window(s, [&](std::int64_t output, Range rows, Range columns) {
          for (std::int64_t k = 0; k < s.channels; k += kChannelsAtOnce) {
            const std::int64_t count = std::min(kChannelsAtOnce, s.channels - k);
            pass_back(s, image + k, arriving + output * s.channels + k, gradient + k, rows, columns, count);
          }
        });
      }
    });
  }};
}

}  // namespace evenflow::backend
