// dropout and gaussian_noise of elementwise.h: Philox4x32-10 (base/random.h) on vectors.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "evenflow/base/random.h"
#include "evenflow/tensor/kernels/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenflow/tensor/kernels/noise.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "evenflow/tensor/kernels/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenflow {
namespace HWY_NAMESPACE {
namespace {

using FloatTag = hn::ScalableTag<float>;
using WordTag = hn::RebindToUnsigned<FloatTag>;
using Floats = hn::Vec<FloatTag>;
using Words = hn::Vec<WordTag>;

// Both halves of the 64-bit products.
HWY_INLINE void Multiply(Words a, Words b, Words& high, Words& low) {
  const WordTag d;
#if HWY_TARGET == HWY_SCALAR
  const std::uint64_t product = std::uint64_t{hn::GetLane(a)} * hn::GetLane(b);
  high = hn::Set(d, static_cast<std::uint32_t>(product >> 32));
  low = hn::Set(d, static_cast<std::uint32_t>(product));
#else
  const hn::RepartitionToWide<WordTag> wide;
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))), b);
  high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
  low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
#endif
}

// A counter and a key per call; lane i of the results belongs to the counter's low 64 bits plus i.
HWY_INLINE void Philox(std::uint64_t block, std::uint64_t step, std::uint64_t key, Words& c0, Words& c1, Words& c2,
                       Words& c3) {
  const WordTag d;
  const auto word = [=](std::uint64_t v) HWY_ATTR { return hn::Set(d, static_cast<std::uint32_t>(v)); };
  const auto first = word(block);
  c0 = hn::Add(first, hn::Iota(d, 0));
  c1 = hn::Sub(word(block >> 32), hn::VecFromMask(d, hn::Lt(c0, first)));  // the carry; a mask is -1
  c2 = word(step);
  c3 = word(step >> 32);
  const auto multiplier0 = hn::Set(d, 0xD2511F53u);
  const auto multiplier1 = hn::Set(d, 0xCD9E8D57u);
  auto key0 = static_cast<std::uint32_t>(key);
  auto key1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    Words high0, low0, high1, low1;
    Multiply(c0, multiplier0, high0, low0);
    Multiply(c2, multiplier1, high1, low1);
    c0 = hn::Xor(hn::Xor(high1, c1), hn::Set(d, key0));
    c1 = low1;
    c2 = hn::Xor(hn::Xor(high0, c3), hn::Set(d, key1));
    c3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

// y = apply(x, words), four vectors at a time; four random words belong to the four elements of a block, blocks by
// absolute position. What sticks out of [begin, begin + count) on either side goes through a buffer.
template <class Apply>
void MapRandom(const float* x, float* y, std::size_t begin, std::size_t count, std::uint64_t key, std::uint64_t step,
               const Apply& apply) {
  constexpr std::size_t kGrain = std::size_t{1} << 14;
  parallel_for(count, kGrain, [&](std::size_t from, std::size_t to) HWY_ATTR {
    const FloatTag d;
    const std::size_t length = 4 * hn::Lanes(d);
    const auto run = [&](const float* input, float* output, std::size_t position) HWY_ATTR {
      Words w0, w1, w2, w3;
      Philox(position / 4, step, key, w0, w1, w2, w3);
      Floats x0, x1, x2, x3;
      hn::LoadInterleaved4(d, input, x0, x1, x2, x3);
      apply(x0, x1, x2, x3, w0, w1, w2, w3);
      hn::StoreInterleaved4(x0, x1, x2, x3, d, output);
    };
    HWY_ALIGN float buffer[4 * HWY_MAX_BYTES / sizeof(float)] = {};
    for (std::size_t position = (begin + from) / 4 * 4; position < begin + to; position += length) {
      const std::size_t first = std::max(position, begin + from);
      const std::size_t last = std::min(position + length, begin + to);
      if (last - first == length) {
        run(x + (first - begin), y + (first - begin), position);
        continue;
      }
      float* part = buffer + (first - position);
      std::copy_n(x + (first - begin), last - first, part);
      run(buffer, buffer, position);
      std::copy_n(part, last - first, y + (first - begin));
    }
  });
}

void Dropout(const float* x, float* y, std::size_t begin, std::size_t count, float rate, std::uint64_t key,
             std::uint64_t step) {
  const FloatTag d;
  const WordTag dw;
  // A word is a uniform number in units of 2^-32; kept if it is at least `rate`.
  const auto threshold = hn::Set(dw, static_cast<std::uint32_t>(static_cast<double>(rate) * 0x1p32));
  const auto factor = hn::Set(d, 1.0f / (1.0f - rate));
  const auto drop = [=](Floats& v, Words w) HWY_ATTR {
    v = hn::IfThenZeroElse(hn::RebindMask(d, hn::Lt(w, threshold)), hn::Mul(v, factor));
  };
  MapRandom(x, y, begin, count, key, step,
            [=](Floats& x0, Floats& x1, Floats& x2, Floats& x3, Words w0, Words w1, Words w2, Words w3) HWY_ATTR {
              drop(x0, w0);
              drop(x1, w1);
              drop(x2, w2);
              drop(x3, w3);
            });
}

void GaussianNoise(const float* x, float* y, std::size_t begin, std::size_t count, float deviation, std::uint64_t key,
                   std::uint64_t step) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const auto amount = hn::Set(d, deviation);
  // G. E. P. Box and M. E. Muller: a pair of words gives a pair of normal numbers.
  const auto add = [=](Floats& first, Floats& second, Words a, Words b) HWY_ATTR {
    const auto whole = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<1>(a)));
    const auto uniform = hn::Mul(hn::Add(whole, hn::Set(d, 0.5f)), hn::Set(d, 0x1p-31f));  // (0, 1]
    const auto radius = hn::Mul(amount, hn::Sqrt(hn::Mul(hn::Set(d, -2.0f), hn::Log(d, uniform))));
    const auto turn = hn::ConvertTo(d, hn::BitCast(di, b));  // in units of 2^-32, from -1/2 to 1/2
    const auto angle = hn::Mul(turn, hn::Set(d, static_cast<float>(2 * std::numbers::pi * 0x1p-32)));
    first = hn::MulAdd(radius, hn::Cos(d, angle), first);
    second = hn::MulAdd(radius, hn::Sin(d, angle), second);
  };
  MapRandom(x, y, begin, count, key, step,
            [=](Floats& x0, Floats& x1, Floats& x2, Floats& x3, Words w0, Words w1, Words w2, Words w3) HWY_ATTR {
              add(x0, x1, w0, w1);
              add(x2, x3, w2, w3);
            });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace evenflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenflow {
HWY_EXPORT(Dropout);
HWY_EXPORT(GaussianNoise);

namespace kernels {

void dropout(const float* x, float* y, std::size_t begin, std::size_t count, float rate, std::uint64_t seed,
             std::uint64_t stream, std::uint64_t step) {
  if (rate >= 1.0f) return fill(0.0f, y, count);
  HWY_DYNAMIC_DISPATCH(Dropout)(x, y, begin, count, rate, mix(seed, stream), step);
}

void gaussian_noise(const float* x, float* y, std::size_t begin, std::size_t count, float deviation, std::uint64_t seed,
                    std::uint64_t stream, std::uint64_t step) {
  HWY_DYNAMIC_DISPATCH(GaussianNoise)(x, y, begin, count, deviation, mix(seed, stream), step);
}

}  // namespace kernels
}  // namespace evenflow
#endif
