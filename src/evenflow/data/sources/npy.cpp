// One array in NumPy's NPY format.
#include "evenflow/base/text.h"
#include "evenflow/data/npy_array.h"
#include "evenflow/data/source.h"

namespace evenflow::sources {
namespace {

bool recognizes(std::string_view, std::string_view bytes) {
  return bytes.starts_with(kNpyMagic);
}

Dataset parse(std::string_view bytes, DataSpec&) {
  const NpyHeader header = parse_npy_header(bytes);
  const std::string_view elements = bytes.substr(header.offset);
  if (elements.size() != header.bytes) {
    fail(ErrorKind::input, "the array's shape {} wants {} bytes of elements, the file has {}", to_string(header.shape),
         header.bytes, elements.size());
  }
  Tensor x(header.shape);
  to_floats(header.type, elements.data(), static_cast<std::size_t>(x.count()), x.data());
  return {.x = row_major(header, std::move(x))};
}

}  // namespace

extern const Source npy;
constinit const Source npy{.id = "npy",
                           .usage = "x.npy,y.npy",
                           .summary = "NumPy arrays: inputs, then targets (x.npy alone: inputs only)",
                           .recognizes = recognizes,
                           .parse = parse};

}  // namespace evenflow::sources
