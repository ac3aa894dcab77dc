#include <string>
#include <vector>

#include "evenflow/base/files.h"
#include "evenflow/base/text.h"
#include "evenflow/format/format.h"

namespace evenflow {

SavedModel read_model(std::string_view bytes, std::string_view file) {
  std::vector<std::string> endings;
  for (const Format* format : all_formats()) {
    if (format->recognizes(bytes)) return format->read(bytes, file);
    endings.emplace_back(format->ending);
  }
  fail(ErrorKind::input, "{}: no model file{}; known are {}", file, bytes.empty() ? " (it is empty)" : "",
       join(endings));
}

SavedModel load_model(const std::filesystem::path& path) {
  return read_model(read_file(path), path.string());
}

}  // namespace evenflow
