// .keras: a ZIP archive of config.json, metadata.json and model.weights.h5, as Keras 3 (and tf.keras 2.12 to 2.15)
// writes it.
#include <ctime>
#include <string>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/format/format.h"
#include "evenflow/format/keras/archive.h"
#include "evenflow/format/keras/canonical_order.h"
#include "evenflow/format/keras/compile_config.h"
#include "evenflow/format/keras/config_reader.h"
#include "evenflow/format/keras/config_writer.h"
#include "evenflow/format/keras/context.h"
#include "evenflow/format/keras/hdf5_reader.h"
#include "evenflow/format/keras/weights_file.h"

namespace evenflow::formats {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kMetadata = "metadata.json";
constexpr const char* kWeights = "model.weights.h5";

KerasVersion version_of(const std::string& text) {
  if (text.empty()) return {3, 0};  // Keras does not need it
  const Json metadata = parse_json(text, kMetadata);
  const Json& version = keras::optional_key(metadata, "keras_version");
  return version.is_string() ? keras::parse_version(version.get<std::string>()) : KerasVersion{3, 0};
}

SavedModel read(std::string_view bytes, std::string_view file) {
  const keras::ArchiveReader archive(bytes, std::string(file));
  SavedModel saved;
  const std::string config_text = archive.read(kConfig);
  const std::string metadata_text = archive.has(kMetadata) ? archive.read(kMetadata) : "";
  keras::in_context(file, [&] {
    const KerasVersion version = version_of(metadata_text);
    const Json config = parse_json(config_text, kConfig);
    saved.model = keras::read_model_config(config, version);
    saved.model.compile = keras::in_context("compile settings", [&] {
      return keras::read_compile_config(keras::optional_key(config, "compile_config"), saved.model);
    });
    validate(saved.model);
    if (!archive.has(kWeights) && archive.has("model.weights.npz")) {
      fail(ErrorKind::unsupported, "weights in model.weights.npz; save the model with Keras's default weights format");
    }
  });
  const std::string weights = archive.read(kWeights);
  keras::read_weights(keras::Hdf5Reader(weights, fmt::format("{}: {}", file, kWeights)), saved);
  return saved;
}

void read_weights(std::string_view bytes, std::string_view file, SavedModel& saved) {
  const std::string weights = keras::ArchiveReader(bytes, std::string(file)).read(kWeights);
  keras::read_weights(keras::Hdf5Reader(weights, fmt::format("{}: {}", file, kWeights)), saved);
}

std::string metadata(const Model& model) {
  // The oldest Keras 3 whose way of saying things the file uses.
  const int minor = model.keras.major == 3 ? model.keras.minor : 0;
  std::string date(32, '\0');
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  date.resize(std::strftime(date.data(), date.size(), "%Y-%m-%d@%H:%M:%S", &utc));
  return Json{{"keras_version", fmt::format("3.{}.0", minor)}, {"date_saved", date}}.dump();
}

std::string write(const SavedModel& saved) {
  const Model model = keras::canonical(saved.model);
  return keras::archive_bytes({{kMetadata, metadata(model)},
                               {kConfig, keras::model_config(model).dump()},
                               {kWeights, keras::weights_file(saved)}});
}

bool recognizes(std::string_view bytes) {
  return bytes.starts_with("PK\x03\x04");
}

}  // namespace

extern const Format keras;
constinit const Format keras{
    .id = "keras",
    .summary = "Keras 3 archive: architecture, weights, compile settings, optimizer state",
    .ending = ".keras",
    .recognizes = recognizes,
    .read = read,
    .read_weights = read_weights,
    .write = write,
};

}  // namespace evenflow::formats
