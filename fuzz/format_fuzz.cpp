// Any bytes, read as a model file: a model or an Error, never anything else. Archives protect their members with
// checksums, which a fuzzer does not guess: bytes that look like JSON are read as the configuration in a sound archive.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "evenflow/error.h"
#include "evenflow/format/format.h"
#include "evenflow/format/keras/archive.h"
#include "evenflow/format/keras/hdf5_writer.h"

namespace {

void read_and_write(std::string_view bytes) {
  evenflow::SavedModel saved;
  try {
    saved = evenflow::read_model(bytes, "fuzz");
  } catch (const evenflow::Error& error) {
    if (error.kind() == evenflow::ErrorKind::internal) throw;
    return;
  }
  // What was read can be written, unless Keras 3 has no word for it; and is then read as the same.
  for (const evenflow::Format* format : evenflow::all_formats()) {
    if (format->write == nullptr) continue;
    try {
      const evenflow::SavedModel again = evenflow::read_model(format->write(saved), "fuzz again");
      if (!(again.weights.size() == saved.weights.size())) __builtin_trap();
    } catch (const evenflow::Error& error) {
      if (error.kind() != evenflow::ErrorKind::unsupported) throw;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_and_write(bytes);
  if (bytes.starts_with('{')) {
    static const std::string no_weights = evenflow::keras::Hdf5Writer().bytes();
    read_and_write(
        evenflow::keras::archive_bytes({{"config.json", std::string(bytes)}, {"model.weights.h5", no_weights}}));
  }
  return 0;
}
