// Text: formatted errors, numbers as people read them, names compared as people mistype them.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/error.h"

namespace evenflow {

template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

// "1,234,567"
std::string with_thousands(std::int64_t number);
// "relu, sigmoid, tanh"
std::string join(std::span<const std::string> parts, std::string_view separator = ", ");
std::vector<std::string> split(std::string_view text, char separator);
std::string lower(std::string_view text);
// "ReLU" -> "re_lu", "Conv2D" -> "conv2d": Keras's rule for the names of layers and weight groups.
std::string snake_case(std::string_view class_name);
// The candidate with the smallest edit distance, or "" when none is near: for "did you mean".
std::string nearest(std::string_view word, std::span<const std::string> candidates);
// Whole text as a number; throws Error(usage) naming `what`.
double parse_number(std::string_view text, std::string_view what);
std::int64_t parse_integer(std::string_view text, std::string_view what);
// Control characters, line ends among them, written as \n or \x1b: for text from files that goes to a terminal.
std::string printable(std::string_view text);

}  // namespace evenflow
