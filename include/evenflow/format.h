// Model files: Keras's .keras archives (read and written) and legacy whole-model .h5 (read).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "evenflow/model.h"

namespace evenflow {

// The format is recognized by the file's content. Throws Error(io) when it cannot be read, Error(input) when it is
// damaged, Error(unsupported) for a layer or option that evenflow does not know, with file, layer and key.
SavedModel load_model(const std::filesystem::path& path);

// By the name's ending: ".keras". Weights must be complete; optimizer slots are written when present.
// The file appears whole or not at all. Throws Error(usage) for an ending that cannot be written, Error(io).
void save_model(const std::filesystem::path& path, const SavedModel& model);

}  // namespace evenflow
