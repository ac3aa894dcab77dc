// Any bytes, read as a model file: a model or an Error, never anything else.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "evenflow/error.h"
#include "evenflow/format/format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  evenflow::SavedModel saved;
  try {
    saved = evenflow::read_model(bytes, "fuzz");
  } catch (const evenflow::Error& error) {
    if (error.kind() == evenflow::ErrorKind::internal) throw;
    return 0;
  }
  // What was read can be written, unless Keras 3 has no word for it; and is then read as the same.
  for (const evenflow::Format* format : evenflow::all_formats()) {
    if (format->write == nullptr) continue;
    try {
      const evenflow::SavedModel again = evenflow::read_model(format->write(saved), "fuzz again");
      if (again.weights.size() != saved.weights.size()) __builtin_trap();
    } catch (const evenflow::Error& error) {
      if (error.kind() != evenflow::ErrorKind::unsupported) throw;
    }
  }
  return 0;
}
