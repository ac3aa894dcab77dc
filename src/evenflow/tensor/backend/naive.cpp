// The obvious loops, with sums in double precision: what the fast plans are tested against.
#include <algorithm>
#include <cmath>
#include <limits>

#include "evenflow/tensor/backend/backend.h"

namespace evenflow::backend {

std::int64_t Conv2dShape::output_height() const {
  return (height + pad_top + pad_bottom - (kernel_height - 1) * dilation_height - 1) / stride_height + 1;
}
std::int64_t Conv2dShape::output_width() const {
  return (width + pad_left + pad_right - (kernel_width - 1) * dilation_width - 1) / stride_width + 1;
}
std::int64_t Pool2dShape::output_height() const {
  return (height + pad_top + pad_bottom - pool_height) / stride_height + 1;
}
std::int64_t Pool2dShape::output_width() const {
  return (width + pad_left + pad_right - pool_width) / stride_width + 1;
}

namespace naive {
namespace {

void finish(float* c, std::int64_t rows, std::int64_t columns, const float* bias, const Epilogue& epilogue) {
  for (std::int64_t i = 0; epilogue.bias && i < rows * columns; ++i) c[i] += bias[i % columns];
  if (epilogue.activation != nullptr) {
    epilogue.activation->forward(c, c, static_cast<std::size_t>(rows * columns), epilogue.parameters);
  }
}

// Calls body(output index, input index, kernel index) for every multiplication of a convolution.
template <class Body>
void for_each_tap(const Conv2dShape& s, const Body& body) {
  const std::int64_t in_per_group = s.channels / s.groups;
  const std::int64_t out_per_group = s.filters / s.groups;
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t oy = 0; oy < s.output_height(); ++oy)
      for (std::int64_t ox = 0; ox < s.output_width(); ++ox)
        for (std::int64_t ky = 0; ky < s.kernel_height; ++ky)
          for (std::int64_t kx = 0; kx < s.kernel_width; ++kx) {
            const std::int64_t y = oy * s.stride_height + ky * s.dilation_height - s.pad_top;
            const std::int64_t x = ox * s.stride_width + kx * s.dilation_width - s.pad_left;
            if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
            for (std::int64_t f = 0; f < s.filters; ++f)
              for (std::int64_t c = 0; c < in_per_group; ++c) {
                const std::int64_t channel = f / out_per_group * in_per_group + c;
                body(((n * s.output_height() + oy) * s.output_width() + ox) * s.filters + f,
                     ((n * s.height + y) * s.width + x) * s.channels + channel,
                     ((ky * s.kernel_width + kx) * in_per_group + c) * s.filters + f);
              }
          }
}

std::int64_t output_count(const Conv2dShape& s) {
  return s.batch * s.output_height() * s.output_width() * s.filters;
}
std::int64_t input_count(const Conv2dShape& s) {
  return s.batch * s.height * s.width * s.channels;
}
std::int64_t kernel_count(const Conv2dShape& s) {
  return s.kernel_height * s.kernel_width * s.channels / s.groups * s.filters;
}

// Sums in `count` doubles of scratch, stored as floats.
template <class Fill>
void accumulate(std::int64_t count, float* out, std::byte* scratch, const Fill& fill) {
  auto* sums = reinterpret_cast<double*>(scratch);
  std::fill_n(sums, count, 0.0);
  fill(sums);
  for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(sums[i]);
}

// Calls body(output index, window) for each window, and body of the window's real elements' input indices.
template <class Window>
void for_each_window(const Pool2dShape& s, const Window& window) {
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t oy = 0; oy < s.output_height(); ++oy)
      for (std::int64_t ox = 0; ox < s.output_width(); ++ox)
        for (std::int64_t c = 0; c < s.channels; ++c) {
          const std::int64_t output = ((n * s.output_height() + oy) * s.output_width() + ox) * s.channels + c;
          window(output, [&](const auto& element) {
            for (std::int64_t ky = 0; ky < s.pool_height; ++ky)
              for (std::int64_t kx = 0; kx < s.pool_width; ++kx) {
                const std::int64_t y = oy * s.stride_height + ky - s.pad_top;
                const std::int64_t x = ox * s.stride_width + kx - s.pad_left;
                if (y >= 0 && y < s.height && x >= 0 && x < s.width)
                  element(((n * s.height + y) * s.width + x) * s.channels + c);
              }
          });
        }
}

// Index of the first maximum; a NaN wins.
template <class ForEach>
std::int64_t first_maximum(const float* x, const ForEach& for_each) {
  std::int64_t best = -1;
  for_each([&](std::int64_t i) {
    if (best < 0 || x[i] > x[best] || (std::isnan(x[i]) && !std::isnan(x[best]))) best = i;
  });
  return best;
}

}  // namespace

Plan plan_matmul(const MatmulShape& s, const Epilogue& epilogue) {
  return {.run = [=](const float* a, const float* b, const float* bias, float* c, std::byte*) {
    for (std::int64_t i = 0; i < s.m; ++i)
      for (std::int64_t j = 0; j < s.n; ++j) {
        double sum = epilogue.accumulate ? c[i * s.n + j] : 0.0;
        for (std::int64_t k = 0; k < s.k; ++k) {
          sum += static_cast<double>(s.transpose_a ? a[k * s.m + i] : a[i * s.k + k]) *
                 (s.transpose_b ? b[j * s.k + k] : b[k * s.n + j]);
        }
        c[i * s.n + j] = static_cast<float>(sum);
      }
    finish(c, s.m, s.n, bias, epilogue);
  }};
}

Plan plan_conv2d(const Conv2dShape& s, const Epilogue& epilogue) {
  return {.run =
              [=](const float* x, const float* w, const float* bias, float* y, std::byte* scratch) {
                accumulate(output_count(s), y, scratch, [&](double* sums) {
                  for (std::int64_t i = 0; epilogue.accumulate && i < output_count(s); ++i) sums[i] = y[i];
                  for_each_tap(s, [&](auto o, auto i, auto k) { sums[o] += static_cast<double>(x[i]) * w[k]; });
                });
                finish(y, output_count(s) / s.filters, s.filters, bias, epilogue);
              },
          .scratch_bytes = static_cast<std::size_t>(output_count(s)) * sizeof(double)};
}

Plan plan_conv2d_input_gradient(const Conv2dShape& s) {
  return {.run =
              [=](const float* dy, const float* w, const float*, float* dx, std::byte* scratch) {
                accumulate(input_count(s), dx, scratch, [&](double* sums) {
                  for_each_tap(s, [&](auto o, auto i, auto k) { sums[i] += static_cast<double>(dy[o]) * w[k]; });
                });
              },
          .scratch_bytes = static_cast<std::size_t>(input_count(s)) * sizeof(double)};
}

Plan plan_conv2d_kernel_gradient(const Conv2dShape& s) {
  return {.run =
              [=](const float* x, const float* dy, const float*, float* dw, std::byte* scratch) {
                accumulate(kernel_count(s), dw, scratch, [&](double* sums) {
                  for_each_tap(s, [&](auto o, auto i, auto k) { sums[k] += static_cast<double>(x[i]) * dy[o]; });
                });
              },
          .scratch_bytes = static_cast<std::size_t>(kernel_count(s)) * sizeof(double)};
}

Plan plan_pool2d(const Pool2dShape& s) {
  return {.run = [=](const float* x, const float*, const float*, float* y, std::byte*) {
    for_each_window(s, [&](std::int64_t output, const auto& for_each) {
      if (s.kind == Pooling::maximum) {
        const std::int64_t best = first_maximum(x, for_each);
        y[output] = best < 0 ? -std::numeric_limits<float>::infinity() : x[best];
        return;
      }
      double sum = 0;
      double count = 0;
      for_each([&](std::int64_t i) { sum += x[i], ++count; });
      y[output] = static_cast<float>(sum / count);
    });
  }};
}

Plan plan_pool2d_gradient(const Pool2dShape& s) {
  const std::int64_t count = s.batch * s.height * s.width * s.channels;
  return {.run =
              [=](const float* x, const float* dy, const float*, float* dx, std::byte* scratch) {
                accumulate(count, dx, scratch, [&](double* sums) {
                  for_each_window(s, [&](std::int64_t output, const auto& for_each) {
                    if (s.kind == Pooling::maximum) {
                      if (const std::int64_t best = first_maximum(x, for_each); best >= 0) sums[best] += dy[output];
                      return;
                    }
                    double elements = 0;
                    for_each([&](std::int64_t) { ++elements; });
                    for_each([&](std::int64_t i) { sums[i] += dy[output] / elements; });
                  });
                });
              },
          .scratch_bytes = static_cast<std::size_t>(count) * sizeof(double)};
}

}  // namespace naive
}  // namespace evenflow::backend
