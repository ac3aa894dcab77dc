// Numbers as binary files hold them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace evenflow {

struct ElementType {
  enum class Kind : std::uint8_t { floating, signed_integer, unsigned_integer, boolean } kind = Kind::floating;
  std::size_t size = 4;  // bytes: 2, 4, 8 for floating; 1, 2, 4, 8 for integers; 1 for boolean
  bool big_endian = false;
};

// Converts `count` elements at `bytes` (any alignment) to float32.
void to_floats(ElementType type, const char* bytes, std::size_t count, float* out);

}  // namespace evenflow
