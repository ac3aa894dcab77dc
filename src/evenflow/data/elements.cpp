#include "evenflow/data/elements.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace evenflow {
namespace {

// The conversions below read little-endian memory.
static_assert(std::endian::native == std::endian::little);

// IEEE 754 binary16.
struct Half {
  std::uint16_t bits;
  explicit operator float() const {
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    const float magnitude = exponent == 31  ? (fraction == 0 ? HUGE_VALF : NAN)
                            : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                            : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
    return bits >> 15 != 0 ? -magnitude : magnitude;
  }
};

template <class T>
float to_float(const T& value) {
  return static_cast<float>(value);
}
// Beyond float32's range is infinite (a plain conversion would be undefined).
template <>
float to_float(const double& value) {
  constexpr double kFirstInfinite = 0x1.ffffffp127;
  if (std::abs(value) >= kFirstInfinite) return std::copysign(HUGE_VALF, static_cast<float>(std::copysign(1.0, value)));
  return static_cast<float>(value);
}

template <class T>
void convert(bool big_endian, const char* bytes, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    char raw[sizeof(T)];
    std::memcpy(raw, bytes + i * sizeof(T), sizeof(T));
    if (big_endian) {
      for (std::size_t j = 0; j < sizeof(T) / 2; ++j) std::swap(raw[j], raw[sizeof(T) - 1 - j]);
    }
    T value;
    std::memcpy(&value, raw, sizeof(T));
    out[i] = to_float(value);
  }
}

template <class One, class Two, class Four, class Eight>
auto by_size(std::size_t size) {
  return size == 1 ? convert<One> : size == 2 ? convert<Two> : size == 4 ? convert<Four> : convert<Eight>;
}

}  // namespace

void to_floats(ElementType type, const char* bytes, std::size_t count, float* out) {
  using Kind = ElementType::Kind;
  switch (type.kind) {
    case Kind::floating:
      return by_size<float, Half, float, double>(type.size)(type.big_endian, bytes, count, out);
    case Kind::signed_integer:
      return by_size<std::int8_t, std::int16_t, std::int32_t, std::int64_t>(type.size)(type.big_endian, bytes, count,
                                                                                       out);
    case Kind::unsigned_integer:
      return by_size<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>(type.size)(type.big_endian, bytes,
                                                                                           count, out);
    case Kind::boolean:
      for (std::size_t i = 0; i < count; ++i) out[i] = bytes[i] != 0 ? 1.0f : 0.0f;
  }
}

}  // namespace evenflow
