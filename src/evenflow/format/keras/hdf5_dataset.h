// The data of HDF5 data sets: contiguous, compact or in chunks, with the filters that h5py applies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/format/keras/hdf5_structure.h"
#include "evenflow/tensor.h"

namespace evenflow::keras::hdf5 {

Shape dataset_shape(const Object& dataset);

// The data set's elements in row-major order, in the file's number format. What is unpacked is bounded by what the
// file stores. Virtual and external data sets are unsupported.
std::string read_elements(std::string_view file, const Object& dataset, const Shape& shape, std::size_t element);

// Elements as float32. The type must be an integer or a real number.
Tensor to_tensor(std::string_view elements, const Datatype& type, const Shape& shape);
std::int64_t to_integer(std::string_view element, const Datatype& type);

}  // namespace evenflow::keras::hdf5
