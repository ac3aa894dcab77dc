#include "evenflow/format/keras/weights_file.h"

#include <utility>
#include <vector>

#include "evenflow/format/keras/canonical_order.h"
#include "evenflow/format/keras/hdf5_writer.h"
#include "evenflow/format/keras/optimizer_state.h"
#include "evenflow/format/keras/weights.h"

namespace evenflow::keras {
namespace {

constexpr const char* kLegacyGroup = "model_weights";

// save_weights to ".h5" of Keras 2. The list of layers is cut into pieces when it is long.
bool is_legacy(const Hdf5Reader& file) {
  return file.texts("", "layer_names").has_value() || file.texts("", "layer_names0").has_value();
}

}  // namespace

void read_weights(const Hdf5Reader& file, SavedModel& saved) {
  const Model model = canonical(saved.model);
  const std::vector<ParameterInfo> variables = parameters(model);
  if (file.has_group(kLegacyGroup) || is_legacy(file)) {
    const std::string root = file.has_group(kLegacyGroup) ? kLegacyGroup : "";
    saved.weights = read_legacy_weights(file, model, variables, root);
    return;
  }
  Weights weights = read_archive_weights(file, model, variables);
  read_archive_state(file, variables, saved);
  saved.weights = std::move(weights);
}

std::string weights_file(const SavedModel& saved) {
  const Model model = canonical(saved.model);
  const std::vector<ParameterInfo> variables = parameters(model);
  Hdf5Writer file;
  file.group("vars");  // the model's own: Keras before 3.6 insists on it
  write_archive_weights(file, model, variables, saved.weights);
  write_archive_state(file, variables, saved);
  return file.bytes();
}

}  // namespace evenflow::keras
