// Reads HDF5 files in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "evenflow/format/keras/hdf5_structure.h"
#include "evenflow/tensor.h"

namespace evenflow::keras {

// A whole file given as bytes, which must outlive the reader. Paths have no leading slash; "" is the root. Errors are
// Error(input) or Error(unsupported), begin with the file's name and say which object is at fault. Nothing is allocated
// that the file's size does not justify. Links to elsewhere, virtual and external data sets are refused: a model file
// has no business outside itself.
class Hdf5Reader {
 public:
  Hdf5Reader(std::string_view bytes, std::string name);

  const std::string& name() const { return name_; }
  bool has_group(const std::string& path) const;
  bool has_dataset(const std::string& path) const;
  // Names in a group, sorted.
  std::vector<std::string> members(const std::string& group) const;
  // Paths of all data sets in a group and the groups in it. A group that is linked into several is entered once.
  std::vector<std::string> datasets(const std::string& group) const;

  // An attribute; nullopt when there is none. Lists may be fixed-length or variable-length strings, or an empty array
  // of numbers, which is how h5py writes an empty list.
  std::optional<std::string> text(const std::string& object, const std::string& attribute) const;
  std::optional<std::vector<std::string>> texts(const std::string& object, const std::string& attribute) const;

  Shape shape(const std::string& dataset) const;
  // Integers and real numbers of any width, as float32.
  Tensor tensor(const std::string& dataset) const;
  // One integer.
  std::int64_t integer(const std::string& dataset) const;

 private:
  // Runs an action on the file; its errors name the file and the path.
  template <class Action>
  auto on(const std::string& path, const Action& action) const;
  const hdf5::Object& object(std::uint64_t address) const;
  const hdf5::Members& members_of(std::uint64_t address) const;
  // Absent when some part of the path is missing.
  std::optional<std::uint64_t> locate(const std::string& path) const;
  const hdf5::Object* find(const std::string& path) const;
  const hdf5::Object& dataset(const std::string& path) const;
  hdf5::Datatype number_type(const hdf5::Object& dataset) const;

  std::string name_;
  std::string_view bytes_;
  std::uint64_t root_ = 0;
  // What has been read already, by address.
  mutable std::unordered_map<std::uint64_t, hdf5::Object> objects_;
  mutable std::unordered_map<std::uint64_t, hdf5::Members> groups_;
};

}  // namespace evenflow::keras
