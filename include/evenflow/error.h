// The one family of exceptions that evenflow throws.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace evenflow {

enum class ErrorKind {
  usage,        // a wrong argument or option
  input,        // a file or data set that cannot be used as it is
  unsupported,  // valid, but evenflow does not know it
  shape,        // tensors whose shapes do not fit together
  io,           // the operating system refused
  internal,     // a fault of evenflow itself
};

std::string_view to_string(ErrorKind kind);

// what() says what was wrong, where (file, layer, key, row) and what would be right, in one line.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace evenflow
