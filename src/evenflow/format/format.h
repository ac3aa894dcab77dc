// Registry of model file formats: one file each in format/formats.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "evenflow/format.h"

namespace evenflow {

struct Format {
  std::string_view id;          // "keras"
  std::string_view summary;
  std::string_view ending;      // ".keras"
  bool (*recognizes)(std::string_view first_bytes);
  SavedModel (*load)(const std::filesystem::path& path);
  void (*save)(const std::filesystem::path& path, const SavedModel& model) = nullptr;  // null: read only
};

std::span<const Format* const> all_formats();

}  // namespace evenflow
