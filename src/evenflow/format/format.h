// Registry of model file formats: one file each in format/formats. Formats see bytes, never the disk.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "evenflow/format.h"

namespace evenflow {

struct Format {
  std::string_view id;  // "keras"; equals the file's stem
  std::string_view summary;
  std::string_view ending;  // ".keras"
  // True for at most one of all formats.
  bool (*recognizes)(std::string_view bytes);
  // Any bytes give a model or an Error, which begins with `file`, and no more memory is taken than they justify.
  SavedModel (*read)(std::string_view bytes, std::string_view file);
  std::string (*write)(const SavedModel& model) = nullptr;  // null: read only
};

std::span<const Format* const> all_formats();

// load_model without the disk.
SavedModel read_model(std::string_view bytes, std::string_view file);

}  // namespace evenflow
