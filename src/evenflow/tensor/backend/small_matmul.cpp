#include "evenflow/tensor/backend/small_matmul.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/backend/small_matmul.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

// Rows of C that are computed together. With two vectors of columns that makes 16 sums, which hide the latency of the
// multiply-add and leave registers for the operands.
constexpr std::size_t kRows = 8;

struct Operands {
  const float* a;
  std::size_t a_row, a_k;  // distance between rows of A and between its columns
  const float* b;
  std::size_t b_k;    // distance between rows of B
  const float* bias;  // or null
  float* c;
  std::size_t n, k;
  bool accumulate;
};

// C[i .. i+R)[j .. j + V vectors); only `columns` of the last vector exist in C and the bias (B is padded).
template <std::size_t R, std::size_t V>
HWY_INLINE void Tile(const Operands& o, std::size_t i, std::size_t j, std::size_t columns) {
  const hn::ScalableTag<float> d;
  using Vec = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  Vec sums[R][V];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) sums[r][v] = hn::Zero(d);
  }
  const float* a = o.a + i * o.a_row;
  const float* b = o.b + j;
  for (std::size_t k = 0; k < o.k; ++k, a += o.a_k, b += o.b_k) {
    Vec row[V];
    for (std::size_t v = 0; v < V; ++v) row[v] = hn::LoadU(d, b + v * lanes);
    for (std::size_t r = 0; r < R; ++r) {
      const Vec factor = hn::Set(d, a[r * o.a_row]);
      for (std::size_t v = 0; v < V; ++v) sums[r][v] = hn::MulAdd(factor, row[v], sums[r][v]);
    }
  }
  for (std::size_t v = 0; v < V; ++v) {
    const std::size_t at = j + v * lanes;
    const std::size_t count = v + 1 == V ? columns : lanes;
    const bool whole = count == lanes;
    const Vec bias = o.bias == nullptr ? hn::Zero(d)
                     : whole           ? hn::LoadU(d, o.bias + at)
                                       : LoadPart(d, o.bias + at, count);
    for (std::size_t r = 0; r < R; ++r) {
      float* c = o.c + (i + r) * o.n + at;
      Vec result = hn::Add(sums[r][v], bias);
      if (o.accumulate) result = hn::Add(result, whole ? hn::LoadU(d, c) : LoadPart(d, c, count));
      if (whole) {
        hn::StoreU(result, d, c);
      } else {
        StorePart(result, d, c, count);
      }
    }
  }
}

template <std::size_t R>
void RowsOfTiles(const Operands& o, std::size_t i) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<float>());
  std::size_t j = 0;
  for (; j + 2 * lanes <= o.n; j += 2 * lanes) Tile<R, 2>(o, i, j, lanes);
  for (; j < o.n; j += lanes) Tile<R, 1>(o, i, j, std::min(lanes, o.n - j));
}

void Multiply(const Operands& o, std::size_t m) {
  std::size_t i = 0;
  for (; i + kRows <= m; i += kRows) RowsOfTiles<kRows>(o, i);
  for (; i + 4 <= m; i += 4) RowsOfTiles<4>(o, i);
  for (; i + 2 <= m; i += 2) RowsOfTiles<2>(o, i);
  if (i < m) RowsOfTiles<1>(o, i);
}

std::size_t Lanes() {
  return hn::Lanes(hn::ScalableTag<float>());
}

void Run(const float* a, const float* b, const float* bias, float* c, float* packed, std::size_t m, std::size_t n,
         std::size_t k, bool transpose_a, bool transpose_b, bool accumulate) {
  Operands o{.a = a,
             .a_row = transpose_a ? 1 : k,
             .a_k = transpose_a ? m : 1,
             .b = b,
             .b_k = n,
             .bias = bias,
             .c = c,
             .n = n,
             .k = k,
             .accumulate = accumulate};
  if (packed != nullptr) {
    // Rows of B, padded to whole vectors.
    const std::size_t lanes = Lanes();
    const std::size_t width = (n + lanes - 1) / lanes * lanes;
    if (transpose_b) {
      // Eight columns at a time: reads run along eight rows, writes fill whole parts of cache lines.
      std::size_t j = 0;
      for (; j + 8 <= n; j += 8) {
        for (std::size_t p = 0; p < k; ++p) {
          for (std::size_t s = 0; s < 8; ++s) packed[p * width + j + s] = b[(j + s) * k + p];
        }
      }
      for (; j < n; ++j) {
        for (std::size_t p = 0; p < k; ++p) packed[p * width + j] = b[j * k + p];
      }
    } else {
      for (std::size_t p = 0; p < k; ++p) std::memcpy(packed + p * width, b + p * n, n * sizeof(float));
    }
    for (std::size_t p = 0; p < k && width > n; ++p)
      std::memset(packed + p * width + n, 0, (width - n) * sizeof(float));
    o.b = packed;
    o.b_k = width;
  }
  Multiply(o, m);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(Run);
HWY_EXPORT(Lanes);

namespace backend {

Plan plan_small_matmul(const MatmulShape& s, const Epilogue& epilogue) {
  const auto m = static_cast<std::size_t>(s.m);
  const auto n = static_cast<std::size_t>(s.n);
  const auto k = static_cast<std::size_t>(s.k);
  const std::size_t lanes = HWY_DYNAMIC_DISPATCH(Lanes)();
  const bool pack = s.transpose_b || n % lanes != 0;
  return {.run =
              [=](const float* a, const float* b, const float* bias, float* c, std::byte* scratch) {
                HWY_DYNAMIC_DISPATCH(Run)
                (a, b, epilogue.bias ? bias : nullptr, c, pack ? reinterpret_cast<float*>(scratch) : nullptr, m, n, k,
                 s.transpose_a, s.transpose_b, epilogue.accumulate);
                if (epilogue.activation != nullptr) epilogue.activation->forward(c, c, m * n, epilogue.parameters);
              },
          .scratch_bytes = pack ? (n + lanes - 1) / lanes * lanes * k * sizeof(float) : 0};
}

}  // namespace backend
}  // namespace evenflow
#endif
