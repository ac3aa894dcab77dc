#include <string>
#include <vector>

#include "evenflow/base/files.h"
#include "evenflow/base/text.h"
#include "evenflow/format/format.h"

namespace evenflow {

void save_model(const std::filesystem::path& path, const SavedModel& model) {
  std::vector<std::string> endings;
  for (const Format* format : all_formats()) {
    if (format->write == nullptr) continue;
    if (path.string().ends_with(format->ending)) {
      write_file(path, format->write(model));
      return;
    }
    endings.emplace_back(format->ending);
  }
  fail(ErrorKind::usage, "{}: models are written as {}; give the file that ending", path.string(), join(endings));
}

}  // namespace evenflow
