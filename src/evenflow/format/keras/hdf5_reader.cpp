#include "evenflow/format/keras/hdf5_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/format/keras/hdf5_dataset.h"

namespace evenflow::keras {

using hdf5::Datatype;
using hdf5::MessageType;
using hdf5::Object;

template <class Action>
auto Hdf5Reader::on(const std::string& path, const Action& action) const {
  try {
    return action();
  } catch (const Error& error) {
    if (path.empty()) fail(error.kind(), "{}: {}", name_, error.what());
    fail(error.kind() == ErrorKind::shape ? ErrorKind::input : error.kind(), "{}: '{}': {}", name_, printable(path),
         error.what());
  }
}

Hdf5Reader::Hdf5Reader(std::string_view bytes, std::string name) : name_(std::move(name)), bytes_(bytes) {
  root_ = on("", [&] { return hdf5::root_address(bytes_); });
}

const Object& Hdf5Reader::object(std::uint64_t address) const {
  const auto known = objects_.find(address);
  if (known != objects_.end()) return known->second;
  return objects_.emplace(address, hdf5::read_object(bytes_, address)).first->second;
}

const hdf5::Members& Hdf5Reader::members_of(std::uint64_t address) const {
  const auto known = groups_.find(address);
  if (known != groups_.end()) return known->second;
  return groups_.emplace(address, hdf5::read_group(bytes_, object(address))).first->second;
}

std::optional<std::uint64_t> Hdf5Reader::locate(const std::string& path) const {
  std::uint64_t address = root_;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (!object(address).is_group()) return std::nullopt;
    const hdf5::Members& members = members_of(address);
    const auto member = members.find(std::string_view(path).substr(begin, end - begin));
    if (member == members.end()) return std::nullopt;
    address = member->second;
    if (address == hdf5::kNowhere) {
      fail(ErrorKind::unsupported, "a link to elsewhere; only data inside the file is read");
    }
    begin = end + 1;
  }
  return address;
}

const Object* Hdf5Reader::find(const std::string& path) const {
  const std::optional<std::uint64_t> address = locate(path);
  return address ? &object(*address) : nullptr;
}

bool Hdf5Reader::has_group(const std::string& path) const {
  return on(path, [&] {
    const Object* found = find(path);
    return found != nullptr && found->is_group();
  });
}

bool Hdf5Reader::has_dataset(const std::string& path) const {
  return on(path, [&] {
    const Object* found = find(path);
    return found != nullptr && found->is_dataset();
  });
}

std::vector<std::string> Hdf5Reader::members(const std::string& group) const {
  return on(group, [&] {
    const Object* found = find(group);
    if (found == nullptr || !found->is_group()) fail(ErrorKind::input, "this group is missing");
    std::vector<std::string> names;
    for (const auto& [name, address] : hdf5::read_group(bytes_, *found)) names.push_back(name);
    return names;
  });
}

std::vector<std::string> Hdf5Reader::datasets(const std::string& group) const {
  constexpr std::size_t kLongestPath = 4096;
  return on(group, [&] {
    const std::optional<std::uint64_t> start = locate(group);
    if (!start) fail(ErrorKind::input, "this group is missing");
    std::vector<std::string> paths;
    std::set<std::uint64_t> entered;
    std::vector<std::pair<std::string, std::uint64_t>> pending{{group, *start}};
    while (!pending.empty()) {
      const auto [path, address] = std::move(pending.back());
      pending.pop_back();
      if (path.size() > kLongestPath) fail(ErrorKind::input, "its groups are nested too deep");
      if (address == hdf5::kNowhere) continue;
      if (object(address).is_dataset()) paths.push_back(path);
      if (!object(address).is_group() || !entered.insert(address).second) continue;
      for (const auto& [name, member] : members_of(address)) {
        pending.emplace_back(path.empty() ? name : path + "/" + name, member);
      }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  });
}

std::optional<std::string> Hdf5Reader::text(const std::string& object, const std::string& attribute) const {
  std::optional<std::vector<std::string>> list = texts(object, attribute);
  if (!list) return std::nullopt;
  if (list->size() != 1) {
    fail(ErrorKind::input, "{}: attribute '{}' has {} strings instead of one", name_, attribute, list->size());
  }
  return std::move(list->front());
}

namespace {

std::vector<std::string> strings(std::string_view file, const hdf5::Attribute& attribute) {
  // At most 2^46 elements, so that sizes below do not overflow.
  const auto count = static_cast<std::size_t>(attribute.shape ? Shape(*attribute.shape).count() : 0);
  if (count == 0) return {};
  const std::size_t element = attribute.type.size;
  if (attribute.data.size() / element < count) fail(ErrorKind::input, "the list is longer than its data");
  if (attribute.type.kind == Datatype::Kind::variable_text) {
    return hdf5::read_heap_strings(file, attribute.data, count);
  }
  if (attribute.type.kind != Datatype::Kind::fixed_text) fail(ErrorKind::input, "this is no text");
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view whole = attribute.data.substr(i * element, element);
    result.emplace_back(whole.substr(0, whole.find('\0')));
  }
  return result;
}

}  // namespace

std::optional<std::vector<std::string>> Hdf5Reader::texts(const std::string& object,
                                                          const std::string& attribute) const {
  const std::string where = object.empty() ? attribute : object + "@" + attribute;
  return on(where, [&]() -> std::optional<std::vector<std::string>> {
    const Object* found = find(object);
    if (found == nullptr) fail(ErrorKind::input, "this object is missing");
    for (const hdf5::Message& message : found->messages) {
      if (message.type != MessageType::attribute) continue;
      const hdf5::Attribute parsed = hdf5::parse_attribute(message.data);
      if (parsed.name == attribute) return strings(bytes_, parsed);
    }
    hdf5::check_attributes_complete(*found);
    return std::nullopt;
  });
}

const Object& Hdf5Reader::dataset(const std::string& path) const {
  const Object* found = find(path);
  if (found == nullptr || !found->is_dataset()) fail(ErrorKind::input, "this data set is missing");
  return *found;
}

Shape Hdf5Reader::shape(const std::string& path) const {
  return on(path, [&] { return hdf5::dataset_shape(dataset(path)); });
}

Datatype Hdf5Reader::number_type(const Object& dataset) const {
  const std::string_view* message = dataset.find(MessageType::datatype);
  if (message == nullptr) fail(ErrorKind::input, "damaged HDF5 file: a data set has no type");
  const Datatype type = hdf5::parse_datatype(*message);
  if (type.kind != Datatype::Kind::integer && type.kind != Datatype::Kind::real) {
    fail(ErrorKind::unsupported, "its elements are no integers or IEEE 754 numbers");
  }
  return type;
}

Tensor Hdf5Reader::tensor(const std::string& path) const {
  return on(path, [&] {
    const Object& found = dataset(path);
    const Shape dims = hdf5::dataset_shape(found);
    const Datatype type = number_type(found);
    return hdf5::to_tensor(hdf5::read_elements(bytes_, found, dims, type.size), type, dims);
  });
}

std::int64_t Hdf5Reader::integer(const std::string& path) const {
  return on(path, [&] {
    const Object& found = dataset(path);
    const Datatype type = number_type(found);
    const Shape dims = hdf5::dataset_shape(found);
    if (dims.count() != 1 || type.kind != Datatype::Kind::integer) fail(ErrorKind::input, "this is not one integer");
    return hdf5::to_integer(hdf5::read_elements(bytes_, found, dims, type.size), type);
  });
}

}  // namespace evenflow::keras
