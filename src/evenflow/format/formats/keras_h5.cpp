// HDF5 files: legacy whole models of Keras 2 (model.save("x.h5")), which Keras 3 still writes; and weights alone of any
// Keras. Read only.
#include <optional>
#include <string>
#include <vector>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/format/format.h"
#include "evenflow/format/keras/compile_config.h"
#include "evenflow/format/keras/config_reader.h"
#include "evenflow/format/keras/context.h"
#include "evenflow/format/keras/hdf5_reader.h"
#include "evenflow/format/keras/optimizer_state.h"
#include "evenflow/format/keras/weights_file.h"

namespace evenflow::formats {
namespace {

// Theano and CNTK store convolution kernels turned round.
void check_backend(const Model& model, const std::string& backend) {
  if (backend != "theano" && backend != "cntk") return;
  for (const Layer& layer : model.layers) {
    if (layer.type == "Conv2D") {
      fail(ErrorKind::unsupported, "layer '{}': convolution kernels of the {} backend are not supported",
           printable(layer.name), backend);
    }
  }
}

// The attributes of the file's root.
struct Texts {
  std::optional<std::string> version, backend, architecture, training;
};

Model read_model_of(const Texts& texts) {
  if (!texts.architecture) {
    fail(ErrorKind::input,
         "holds weights alone, no architecture (the attribute model_config is missing): give it beside a model "
         "(evenflow train MODEL --weights FILE), or save the whole model with model.save(...)");
  }
  if (!texts.version) fail(ErrorKind::unsupported, "written by Keras 1 (the attribute keras_version is missing)");
  const KerasVersion version = keras::parse_version(*texts.version);
  Model model = keras::read_model_config(parse_json(*texts.architecture, "model_config"), version);
  check_backend(model, texts.backend.value_or(""));
  if (texts.training) {
    model.compile = keras::in_context("compile settings", [&] {
      return keras::read_compile_config(parse_json(*texts.training, "training_config"), model);
    });
  }
  return model;
}

SavedModel read(std::string_view bytes, std::string_view file) {
  const keras::Hdf5Reader hdf5(bytes, std::string(file));
  const Texts texts{.version = hdf5.text("", "keras_version"),
                    .backend = hdf5.text("", "backend"),
                    .architecture = hdf5.text("", "model_config"),
                    .training = hdf5.text("", "training_config")};
  SavedModel saved;
  std::vector<ParameterInfo> variables;
  keras::in_context(file, [&] {
    saved.model = read_model_of(texts);
    variables = parameters(saved.model);
  });
  keras::read_weights(hdf5, saved);
  keras::read_legacy_state(hdf5, variables, saved);
  return saved;
}

void read_weights(std::string_view bytes, std::string_view file, SavedModel& saved) {
  keras::read_weights(keras::Hdf5Reader(bytes, std::string(file)), saved);
}

std::optional<std::vector<StoredTensor>> weights_alone(std::string_view bytes, std::string_view file) {
  const keras::Hdf5Reader hdf5(bytes, std::string(file));
  if (hdf5.text("", "model_config")) return std::nullopt;
  std::vector<StoredTensor> result;
  for (const std::string& path : hdf5.datasets("")) result.push_back({path, hdf5.shape(path)});
  return result;
}

bool recognizes(std::string_view bytes) {
  return bytes.starts_with("\x89HDF\r\n\x1a\n");
}

}  // namespace

extern const Format keras_h5;
constinit const Format keras_h5{
    .id = "keras_h5",
    .summary = "Legacy whole-model HDF5 file of Keras 2 and 3",
    .ending = ".h5",
    .recognizes = recognizes,
    .read = read,
    .read_weights = read_weights,
    .weights_alone = weights_alone,
};

}  // namespace evenflow::formats
