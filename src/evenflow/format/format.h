// Registry of model file formats: one file each in format/formats. Formats see bytes, never the disk.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/format.h"

namespace evenflow {

struct Format {
  std::string_view id;  // "keras"; equals the file's stem
  std::string_view summary;
  std::string_view ending;  // ".keras"
  // True for at most one of all formats. Null: none of its own (a format that is only written).
  bool (*recognizes)(std::string_view bytes) = nullptr;
  // Any bytes give a model or an Error, which begins with `file`, and no more memory is taken than they justify.
  SavedModel (*read)(std::string_view bytes, std::string_view file) = nullptr;
  // Of load_weights.
  void (*read_weights)(std::string_view bytes, std::string_view file, SavedModel& saved) = nullptr;
  // Of list_weights. Null: a file of this format always holds a model.
  std::optional<std::vector<StoredTensor>> (*weights_alone)(std::string_view bytes, std::string_view file) = nullptr;
  std::string (*write)(const SavedModel& model) = nullptr;  // null: read only
};

std::span<const Format* const> all_formats();

// load_model and load_weights without the disk.
SavedModel read_model(std::string_view bytes, std::string_view file);
void read_weights(std::string_view bytes, std::string_view file, SavedModel& saved);

}  // namespace evenflow
