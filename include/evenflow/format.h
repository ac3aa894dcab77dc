// Model files: Keras's .keras archives and .weights.h5 (read and written) and legacy .h5 (read).
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/model.h"

namespace evenflow {

// The format is recognized by the file's content. Throws Error(io) when it cannot be read, Error(input) when it is
// damaged, Error(unsupported) for a layer or option that evenflow does not know, with file, layer and key.
SavedModel load_model(const std::filesystem::path& path);

// Replaces the weights by those of a file: weights alone (save_weights of any Keras), or those of a whole model, whose
// architecture is not looked at. Every array must fit. The optimizer's state comes along where the file has one that
// fits the compile settings. Throws as load_model does; then `model` is as before.
void load_weights(const std::filesystem::path& path, SavedModel& model);

// An array as it lies in a file.
struct StoredTensor {
  std::string path;  // "layers/dense/vars/0"
  Shape shape;
};
// What a file of weights alone holds; nullopt when it holds a model.
std::optional<std::vector<StoredTensor>> list_weights(const std::filesystem::path& path);

// By the name's ending: ".keras", or ".weights.h5" for weights and optimizer state alone. Weights must be complete;
// optimizer slots are written when present. The file appears whole or not at all. Throws Error(usage) for an ending
// that cannot be written, Error(io).
void save_model(const std::filesystem::path& path, const SavedModel& model);

}  // namespace evenflow
