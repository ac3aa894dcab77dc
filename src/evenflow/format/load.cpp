#include <string>
#include <utility>
#include <vector>

#include "evenflow/base/files.h"
#include "evenflow/base/text.h"
#include "evenflow/format/format.h"
#include "evenflow/format/keras/archive.h"

namespace evenflow {
namespace {

const Format& format_of(std::string_view bytes, std::string_view file) {
  std::vector<std::string> endings;
  for (const Format* format : all_formats()) {
    if (format->recognizes == nullptr) continue;
    if (format->recognizes(bytes)) return *format;
    endings.emplace_back(format->ending);
  }
  fail(ErrorKind::input, "{}: no model file{}; known are {}", file, bytes.empty() ? " (it is empty)" : "",
       join(endings));
}

// A file, or a folder that holds what is else in an archive (model.save(folder, zipped=False)).
std::string read_file_or_folder(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return read_file(path);
  std::vector<std::pair<std::string, std::string>> members;
  for (const char* member : {"config.json", "metadata.json", "model.weights.h5"}) {
    if (std::filesystem::exists(path / member)) members.emplace_back(member, read_file(path / member));
  }
  if (members.empty()) fail(ErrorKind::input, "{}: this folder holds no config.json of a model", path.string());
  return keras::archive_bytes(members);
}

}  // namespace

SavedModel read_model(std::string_view bytes, std::string_view file) {
  return format_of(bytes, file).read(bytes, file);
}

void read_weights(std::string_view bytes, std::string_view file, SavedModel& saved) {
  format_of(bytes, file).read_weights(bytes, file, saved);
}

SavedModel load_model(const std::filesystem::path& path) {
  return read_model(read_file_or_folder(path), path.string());
}

void load_weights(const std::filesystem::path& path, SavedModel& saved) {
  read_weights(read_file_or_folder(path), path.string(), saved);
}

std::optional<std::vector<StoredTensor>> list_weights(const std::filesystem::path& path) {
  const std::string bytes = read_file_or_folder(path);
  const Format& format = format_of(bytes, path.string());
  if (format.weights_alone == nullptr) return std::nullopt;
  return format.weights_alone(bytes, path.string());
}

}  // namespace evenflow
