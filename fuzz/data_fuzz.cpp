// Every file source on arbitrary bytes: a data set or an Error, nothing else. Names choose between the sources that
// have no magic number, so each one gets the bytes whatever they look like.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "evenflow/base/files.h"
#include "evenflow/base/text.h"
#include "evenflow/data/source.h"

namespace evenflow {
namespace {

void parse(const Source& source, std::string_view bytes) {
  DataSpec spec{.whole = "fuzz", .head = "fuzz", .options = {}};
  try {
    const Dataset data = source.parse(bytes, spec);
    // Each element must have been justified by the bytes: at most deflate's ratio, 1032.
    if (static_cast<std::size_t>(data.x.count()) > 1032 * (bytes.size() + 1024)) std::abort();
    count_classes(data.y);
    require_finite(data.x, "x");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) std::abort();
  }
}

std::string unpacked(std::string_view bytes) {
  if (!bytes.starts_with("\x1f\x8b")) return std::string(bytes);
  try {
    return gunzip(bytes, std::size_t{1} << 24);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace
}  // namespace evenflow

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = evenflow::unpacked({reinterpret_cast<const char*>(data), size});
  for (const evenflow::Source* source : evenflow::all_sources()) {
    if (!source->generated()) evenflow::parse(*source, bytes);
  }
  return 0;
}
