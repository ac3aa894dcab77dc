// Writes HDF5 files in memory through the HDF5 C library.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "evenflow/tensor.h"

namespace evenflow::keras {

// Builds a file in the flavour that h5py writes by default (superblock 0, contiguous data sets). Paths have no leading
// slash. The same calls give the same bytes.
class Hdf5Writer {
 public:
  Hdf5Writer();
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  // Missing groups on the way are made, too.
  void group(const std::string& path);
  void tensor(const std::string& path, const Tensor& value);
  void integer(const std::string& path, std::int64_t value);  // an int64 scalar
  void text(const std::string& object, const std::string& attribute, const std::string& value);
  std::string bytes();

 private:
  void dataset(const std::string& path, std::int64_t file_type, std::int64_t memory_type, const Shape& shape,
               const void* data);

  std::unique_lock<std::recursive_mutex> lock_;  // the library keeps global state and may be built without locks
  std::int64_t file_ = -1;
};

}  // namespace evenflow::keras
