// Any bytes, read as a model file: a model or an Error, never anything else. Archives protect their members with
// checksums, which a fuzzer does not guess: bytes that look like JSON are read as the configuration in a sound archive.
// HDF5 files are read as weights alone, too.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "evenflow/error.h"
#include "evenflow/format/format.h"
#include "evenflow/format/keras/archive.h"
#include "evenflow/format/keras/hdf5_writer.h"

namespace {

// Runs `body`; of Errors only those of `allowed` kinds are fine. Returns whether there was none.
template <class Body>
bool runs(const Body& body, bool (*allowed)(evenflow::ErrorKind)) {
  try {
    body();
    return true;
  } catch (const evenflow::Error& error) {
    if (!allowed(error.kind())) throw;
    return false;
  }
}

bool any_but_internal(evenflow::ErrorKind kind) {
  return kind != evenflow::ErrorKind::internal;
}

bool only_unsupported(evenflow::ErrorKind kind) {
  return kind == evenflow::ErrorKind::unsupported;
}

// What was read can be written, unless Keras 3 has no word for it; and is then read as the same.
void write_and_read_again(const evenflow::SavedModel& saved) {
  for (const evenflow::Format* format : evenflow::all_formats()) {
    if (format->write == nullptr) continue;
    evenflow::SavedModel again = saved;
    const auto write_and_read = [&] {
      const std::string bytes = format->write(saved);
      if (format->recognizes == nullptr) {  // weights alone
        evenflow::read_weights(bytes, "fuzz again", again);
      } else {
        again = evenflow::read_model(bytes, "fuzz again");
      }
    };
    if (runs(write_and_read, only_unsupported) && again.weights.size() != saved.weights.size()) __builtin_trap();
  }
}

void read_and_write(std::string_view bytes) {
  evenflow::SavedModel saved;
  if (runs([&] { saved = evenflow::read_model(bytes, "fuzz"); }, any_but_internal)) write_and_read_again(saved);
}

// Weights alone, for a model that has a place for each of the seed's.
void read_weights(std::string_view bytes) {
  static const evenflow::SavedModel kModel = [] {
    evenflow::SavedModel saved{
        .model = evenflow::sequential({evenflow::Input{{4}}, evenflow::Dense{6, "tanh"}, evenflow::BatchNormalization{},
                                       evenflow::Dropout{0.5}, evenflow::Dense{3, "softmax"}})};
    saved.model.compile = evenflow::CompileSettings{.optimizer = evenflow::SGD{.momentum = 0.9, .nesterov = true}};
    saved.weights = evenflow::initialize(saved.model, 1);
    return saved;
  }();
  evenflow::SavedModel saved = kModel;
  if (!runs([&] { evenflow::read_weights(bytes, "fuzz", saved); }, any_but_internal) &&
      saved.weights != kModel.weights) {
    __builtin_trap();  // an error leaves the model as it was
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_and_write(bytes);
  if (bytes.starts_with("\x89HDF")) read_weights(bytes);
  if (bytes.starts_with('{')) {
    static const std::string no_weights = evenflow::keras::Hdf5Writer().bytes();
    read_and_write(
        evenflow::keras::archive_bytes({{"config.json", std::string(bytes)}, {"model.weights.h5", no_weights}}));
  }
  return 0;
}
