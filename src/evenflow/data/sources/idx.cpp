// IDX, the format of MNIST and its relatives: http://yann.lecun.com/exdb/mnist/ ("the IDX file format").
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/data/elements.h"
#include "evenflow/data/source.h"

namespace evenflow::sources {
namespace {

using Kind = ElementType::Kind;

// Magic number: two zero bytes, the type, the number of axes.
std::optional<ElementType> element_type(std::string_view bytes) {
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0) return std::nullopt;
  switch (bytes[2]) {
    case 0x08:
      return ElementType{Kind::unsigned_integer, 1, true};
    case 0x09:
      return ElementType{Kind::signed_integer, 1, true};
    case 0x0b:
      return ElementType{Kind::signed_integer, 2, true};
    case 0x0c:
      return ElementType{Kind::signed_integer, 4, true};
    case 0x0d:
      return ElementType{Kind::floating, 4, true};
    case 0x0e:
      return ElementType{Kind::floating, 8, true};
    default:
      return std::nullopt;
  }
}

// A CIFAR file may begin with the same bytes; its name tells.
bool recognizes(std::string_view name, std::string_view bytes) {
  return !name.ends_with(".bin") && element_type(bytes) && bytes[3] >= 1 && bytes[3] <= Shape::kMaxRank;
}

Shape read_shape(std::string_view bytes, ElementType type) {
  const auto rank = static_cast<std::size_t>(static_cast<unsigned char>(bytes[3]));
  if (rank < 1 || rank > Shape::kMaxRank) fail(ErrorKind::input, "the IDX header gives {} axes", rank);
  const std::size_t start = 4 + 4 * rank;
  if (bytes.size() < start) fail(ErrorKind::input, "the file ends in its IDX header");
  std::vector<std::int64_t> dims;
  std::size_t wanted = type.size;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::uint32_t extent = 0;
    for (std::size_t i = 0; i < 4; ++i) extent = extent << 8 | static_cast<unsigned char>(bytes[4 + 4 * axis + i]);
    dims.push_back(extent);
    if (__builtin_mul_overflow(wanted, std::size_t{extent}, &wanted)) wanted = bytes.size();
  }
  if (wanted != bytes.size() - start) {
    fail(ErrorKind::input, "the IDX shape ({}) wants {} bytes of elements, the file has {}", fmt::join(dims, ", "),
         wanted, bytes.size() - start);
  }
  return Shape(dims);
}

// One axis: labels, as they are. More: pictures, whose bytes become 0..1.
Dataset parse(std::string_view bytes, DataSpec&) {
  const auto type = element_type(bytes);
  if (!type) fail(ErrorKind::input, "the IDX magic number is damaged");
  const Shape shape = read_shape(bytes, *type);
  Dataset data{.x = Tensor(shape)};
  const std::span<float> values = data.x.values();
  to_floats(*type, bytes.data() + 4 + 4 * shape.rank(), values.size(), values.data());
  const bool is_bytes = type->kind == Kind::unsigned_integer;
  if (is_bytes && shape.rank() > 1) {
    for (float& value : values) value /= 255.0f;
  }
  if (is_bytes && shape.rank() == 1 && !values.empty()) {
    data.classes = static_cast<std::int64_t>(*std::max_element(values.begin(), values.end())) + 1;
  }
  return data;
}

std::string without_gz(const Path& path) {
  std::string name = path.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return name;
}

// The file beside `path` whose name is `name` with or without .gz.
Path existing(const Path& path, std::string name) {
  std::error_code ignored;
  if (name == path.filename()) return {};
  for (const std::string_view ending : {"", ".gz"}) {
    const Path candidate = path.parent_path() / (name + std::string(ending));
    if (std::filesystem::is_regular_file(candidate, ignored)) return candidate;
  }
  return {};
}

// train-images-idx3-ubyte.gz -> train-labels-idx1-ubyte; also train-images.idx3-ubyte.
Path labels_of(const Path& images) {
  std::string name = without_gz(images);
  const std::size_t word = name.rfind("images");
  const std::size_t axes = name.rfind("idx");
  if (word == std::string::npos || axes == std::string::npos || axes < word || axes + 3 >= name.size()) return {};
  name[axes + 3] = '1';
  return existing(images, name.replace(word, 6, "labels"));
}

Companions beside(const Path& path) {
  Companions found{.targets = labels_of(path), .test_inputs = {}, .test_targets = {}};
  const std::string name = without_gz(path);
  const std::size_t at = name.find("train");
  if (at == std::string::npos || found.targets.empty()) return found;
  for (const std::string_view test : {"t10k", "test"}) {
    const Path images = existing(path, std::string(name).replace(at, 5, test));
    if (images.empty()) continue;
    const Path labels = labels_of(images);
    if (!labels.empty()) return {found.targets, images, labels};
  }
  return found;
}

}  // namespace

extern const Source idx;
constinit const Source idx{.id = "idx",
                           .usage = "train-images-idx3-ubyte.gz",
                           .summary = "MNIST and relatives; finds labels and t10k files beside it; pixels / 255",
                           .recognizes = recognizes,
                           .parse = parse,
                           .beside = beside};

}  // namespace evenflow::sources
