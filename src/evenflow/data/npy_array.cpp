#include "evenflow/data/npy_array.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

// The header's text: a Python dictionary of strings, booleans and tuples of integers.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : rest_(text) {}

  bool accept(char c) {
    skip_blanks();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }
  std::string_view string() {
    skip_blanks();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) damaged();
    const std::size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) damaged();
    return take(1, end - 1, end + 1);
  }
  bool boolean() {
    skip_blanks();
    if (rest_.starts_with("True")) return rest_.remove_prefix(4), true;
    if (rest_.starts_with("False")) return rest_.remove_prefix(5), false;
    damaged();
  }
  std::vector<std::int64_t> integers() {
    std::vector<std::int64_t> values;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc{} || value < 0) damaged();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      accept('L');  // Python 2 wrote long integers so
      values.push_back(value);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }
  bool list_follows() {
    skip_blanks();
    return rest_.starts_with('[');
  }

 private:
  [[noreturn]] void damaged() const { fail(ErrorKind::input, "the array's NPY header is damaged"); }
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n\t"), rest_.size())); }
  std::string_view take(std::size_t from, std::size_t count, std::size_t advance) {
    const std::string_view taken = rest_.substr(from, count);
    rest_.remove_prefix(advance);
    return taken;
  }

  std::string_view rest_;
};

[[noreturn]] void unsupported(std::string_view type, std::string_view why) {
  fail(ErrorKind::unsupported, "the array's element type is '{}': {}", printable(type), why);
}

// "<f8": byte order, kind, size in bytes.
ElementType parse_type(std::string_view descr) {
  using Kind = ElementType::Kind;
  const std::string_view name = descr.substr(std::min(descr.find_first_not_of("<>|="), descr.size()));
  const bool big_endian = descr.starts_with('>');
  static const std::map<std::string_view, ElementType> types = {
      {"f2", {Kind::floating, 2}},         {"f4", {Kind::floating, 4}},         {"f8", {Kind::floating, 8}},
      {"i1", {Kind::signed_integer, 1}},   {"i2", {Kind::signed_integer, 2}},   {"i4", {Kind::signed_integer, 4}},
      {"i8", {Kind::signed_integer, 8}},   {"u1", {Kind::unsigned_integer, 1}}, {"u2", {Kind::unsigned_integer, 2}},
      {"u4", {Kind::unsigned_integer, 4}}, {"u8", {Kind::unsigned_integer, 8}}, {"b1", {Kind::boolean, 1}}};
  if (const auto found = types.find(name); found != types.end()) {
    return {found->second.kind, found->second.size, big_endian};
  }
  if (name.starts_with('O')) {
    unsupported(descr,
                "Python objects are stored as a pickle, which can run code when it is read; save it with a "
                "numeric dtype, e.g. np.asarray(a, dtype='float32'); sequences of different lengths as x_values "
                "(np.concatenate) and x_row_splits");
  }
  if (name.starts_with('U') || name.starts_with('S')) unsupported(descr, "text; numbers are wanted");
  if (name.starts_with('c')) unsupported(descr, "complex; real numbers are wanted");
  unsupported(descr, "f2, f4, f8, i1 to i8, u1 to u8 and b1 are known");
}

// Elements of the shape; Error(input) when no file could hold them.
std::size_t count_elements(const std::vector<std::int64_t>& dims) {
  std::size_t count = 1;
  for (const std::int64_t extent : dims) {
    if (__builtin_mul_overflow(count, static_cast<std::size_t>(extent), &count) || count > (std::size_t{1} << 40)) {
      fail(ErrorKind::input, "the array's shape ({}) is too large", fmt::join(dims, ", "));
    }
  }
  return count;
}

// The dictionary's text, and where the elements begin.
std::string_view header_text(std::string_view bytes, std::size_t* offset) {
  if (bytes.size() < 12 || !bytes.starts_with(kNpyMagic))
    fail(ErrorKind::input, "this is no NPY array, or it is cut off");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const std::size_t version = byte(6);
  if (version < 1 || version > 3) fail(ErrorKind::unsupported, "NPY version {}: 1, 2 and 3 are known", version);
  const std::size_t start = version == 1 ? 10 : 12;
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > kNpyHeaderLimit - start) fail(ErrorKind::input, "the array's NPY header claims {} bytes", length);
  if (length > bytes.size() - start) fail(ErrorKind::input, "the array is cut off in its NPY header");
  *offset = start + length;
  return bytes.substr(start, length);
}

}  // namespace

NpyHeader parse_npy_header(std::string_view bytes) {
  NpyHeader header;
  HeaderText text(header_text(bytes, &header.offset));
  bool has_type = false;
  bool has_order = false;
  bool has_shape = false;
  std::vector<std::int64_t> dims;
  text.expect('{');
  while (!text.accept('}')) {
    const std::string_view key = text.string();
    text.expect(':');
    if (key == "descr" && text.list_follows()) {
      fail(ErrorKind::unsupported,
           "the array has named fields (a structured dtype); save one plain array for x and one "
           "for y");
    }
    if (key == "descr") {
      header.type = parse_type(text.string());
      has_type = true;
    } else if (key == "fortran_order") {
      header.fortran_order = text.boolean();
      has_order = true;
    } else if (key == "shape") {
      dims = text.integers();
      has_shape = true;
    } else {
      fail(ErrorKind::input, "the array's NPY header has the unknown key '{}'", printable(key));
    }
    if (!text.accept(',')) {
      text.expect('}');
      break;
    }
  }
  if (!has_type || !has_order || !has_shape) {
    fail(ErrorKind::input, "the array's NPY header lacks descr, fortran_order or shape");
  }
  if (dims.size() > Shape::kMaxRank) {
    fail(ErrorKind::unsupported, "the array has {} axes; {} are the most", dims.size(), Shape::kMaxRank);
  }
  header.bytes = count_elements(dims) * header.type.size;
  header.shape = Shape(dims);
  return header;
}

Tensor row_major(const NpyHeader& header, Tensor elements) {
  const Shape& shape = header.shape;
  if (!header.fortran_order || shape.rank() < 2) return elements;
  Tensor result(shape);
  std::array<std::int64_t, Shape::kMaxRank> index{};
  std::int64_t from = 0;
  for (std::int64_t to = 0; to < result.count(); ++to) {
    result[to] = elements[from];
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      const std::int64_t stride = shape.count(0, axis);
      auto& i = index[static_cast<std::size_t>(axis)];
      from += stride;
      if (++i < shape[axis]) break;
      from -= stride * shape[axis];
      i = 0;
    }
  }
  return result;
}

}  // namespace evenflow
