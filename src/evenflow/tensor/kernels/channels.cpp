#include "evenflow/tensor/kernels/channels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/channels.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

using FloatTag = hn::ScalableTag<float>;
using Vector = hn::Vec<FloatTag>;

// Calls body(c, load, store) for each vector of channels; load and store take a pointer to its first element.
template <class Body>
HWY_INLINE void ForEachVector(std::size_t channels, const Body& body) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  for (; c + lanes <= channels; c += lanes) {
    body(
        c, [=](const float* x) HWY_ATTR { return hn::LoadU(d, x); },
        [=](Vector v, float* y) HWY_ATTR { hn::StoreU(v, d, y); });
  }
  if (c < channels) {
    const std::size_t rest = channels - c;
    body(
        c, [=](const float* x) HWY_ATTR { return LoadPart(d, x, rest); },
        [=](Vector v, float* y) HWY_ATTR { StorePart(v, d, y, rest); });
  }
}

// Rows that are added in float32.
constexpr std::size_t kRun = 32;

// sum[c] += a, other[c] += b over the rows, where (a, b) = terms(place, c, load) of a vector at x + place.
template <class Terms>
HWY_INLINE void AddTwoSums(std::size_t rows, std::size_t channels, double* sum, double* other, const Terms& terms) {
  const FloatTag d;
  HWY_ALIGN float a_lanes[HWY_MAX_BYTES / sizeof(float)];
  HWY_ALIGN float b_lanes[HWY_MAX_BYTES / sizeof(float)];
  for (std::size_t first = 0; first < rows; first += kRun) {
    const std::size_t end = std::min(rows, first + kRun);
    ForEachVector(channels, [&](std::size_t c, const auto& load, const auto&) HWY_ATTR {
      auto a = hn::Zero(d), b = hn::Zero(d);
      for (std::size_t r = first; r < end; ++r) terms(r * channels + c, c, load, a, b);
      hn::Store(a, d, a_lanes);
      hn::Store(b, d, b_lanes);
      const std::size_t count = std::min(hn::Lanes(d), channels - c);
      for (std::size_t i = 0; i < count; ++i) {
        sum[c + i] += static_cast<double>(a_lanes[i]);
        other[c + i] += static_cast<double>(b_lanes[i]);
      }
    });
  }
}

void Moments(const float* x, const float* pivot, std::size_t rows, std::size_t channels, double* sum, double* squares) {
  AddTwoSums(rows, channels, sum, squares,
             [=](std::size_t place, std::size_t c, const auto& load, Vector& a, Vector& b) HWY_ATTR {
               const auto distance = hn::Sub(load(x + place), load(pivot + c));
               a = hn::Add(a, distance);
               b = hn::MulAdd(distance, distance, b);
             });
}

void Products(const float* x, const float* dy, const float* mean, const float* inverse, std::size_t rows,
              std::size_t channels, double* sum, double* products) {
  AddTwoSums(rows, channels, sum, products,
             [=](std::size_t place, std::size_t c, const auto& load, Vector& a, Vector& b) HWY_ATTR {
               const auto gradient = load(dy + place);
               const auto normalized = hn::Mul(hn::Sub(load(x + place), load(mean + c)), load(inverse + c));
               a = hn::Add(a, gradient);
               b = hn::MulAdd(gradient, normalized, b);
             });
}

void Normalize(const float* x, const float* mean, const float* scale, const float* shift, std::size_t rows,
               std::size_t channels, float* y) {
  for (std::size_t place = 0; place < rows * channels; place += channels) {
    ForEachVector(channels, [=](std::size_t c, const auto& load, const auto& store) HWY_ATTR {
      const auto distance = hn::Sub(load(x + place + c), load(mean + c));
      store(hn::MulAdd(distance, load(scale + c), load(shift + c)), y + place + c);
    });
  }
}

void Gradient(const float* x, const float* dy, const float* mean, const float* factor, const float* constant,
              const float* slope, std::size_t rows, std::size_t channels, float* dx) {
  for (std::size_t place = 0; place < rows * channels; place += channels) {
    ForEachVector(channels, [=](std::size_t c, const auto& load, const auto& store) HWY_ATTR {
      const auto distance = hn::Sub(load(x + place + c), load(mean + c));
      const auto own = hn::MulSub(load(dy + place + c), load(factor + c), load(constant + c));
      store(hn::NegMulAdd(distance, load(slope + c), own), dx + place + c);
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(Moments);
HWY_EXPORT(Products);
HWY_EXPORT(Normalize);
HWY_EXPORT(Gradient);

namespace kernels {

void add_channel_moments(const float* x, const float* pivot, std::size_t rows, std::size_t channels, double* sum,
                         double* squares) {
  HWY_DYNAMIC_DISPATCH(Moments)(x, pivot, rows, channels, sum, squares);
}

void add_channel_products(const float* x, const float* dy, const float* mean, const float* inverse, std::size_t rows,
                          std::size_t channels, double* sum, double* products) {
  HWY_DYNAMIC_DISPATCH(Products)(x, dy, mean, inverse, rows, channels, sum, products);
}

void normalize_channels(const float* x, const float* mean, const float* scale, const float* shift, std::size_t rows,
                        std::size_t channels, float* y) {
  HWY_DYNAMIC_DISPATCH(Normalize)(x, mean, scale, shift, rows, channels, y);
}

void normalize_channels_gradient(const float* x, const float* dy, const float* mean, const float* factor,
                                 const float* constant, const float* slope, std::size_t rows, std::size_t channels,
                                 float* dx) {
  HWY_DYNAMIC_DISPATCH(Gradient)(x, dy, mean, factor, constant, slope, rows, channels, dx);
}

}  // namespace kernels
}  // namespace evenflow
#endif
