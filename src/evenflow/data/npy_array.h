// Arrays in NumPy's NPY format, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstddef>
#include <string_view>

#include "evenflow/data/elements.h"
#include "evenflow/tensor.h"

namespace evenflow {

struct NpyHeader {
  ElementType type;
  bool fortran_order = false;
  Shape shape;
  std::size_t offset = 0;  // of the first element
  std::size_t bytes = 0;   // of all elements
};

constexpr std::string_view kNpyMagic = "\x93NUMPY";
// NumPy itself refuses longer headers by default (10,000 bytes); structured types make them long.
constexpr std::size_t kNpyHeaderLimit = std::size_t{1} << 16;

// From the first bytes of the array, at most kNpyHeaderLimit of them are needed. Throws Error(input), or
// Error(unsupported) for element types that are no numbers.
NpyHeader parse_npy_header(std::string_view bytes);

// The array from its elements in the order of the file: transposes column-major ones.
Tensor row_major(const NpyHeader& header, Tensor elements);

}  // namespace evenflow
