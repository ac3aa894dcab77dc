#include "evenflow/base/json_text.h"

#include <cmath>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

constexpr int kDeepest = 200;

// Python's bare NaN, Infinity and -Infinity outside of strings become null. Checks the nesting on the way.
std::string standard_json(std::string_view text, std::string_view what) {
  std::string result;
  result.reserve(text.size());
  bool in_string = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\' && i + 1 < text.size()) result += text[i++];
      in_string = text[i] != '"' || c == '\\';
      result += text[i];
      continue;
    }
    const std::string_view rest = text.substr(i);
    if (const auto token = rest.starts_with("NaN")         ? 3u
                           : rest.starts_with("Infinity")  ? 8u
                           : rest.starts_with("-Infinity") ? 9u
                                                           : 0u;
        token > 0) {
      result += "null";
      if (token > 4) result.append(token - 4, ' ');  // errors name positions
      i += token - 1;
      continue;
    }
    if (c == '"') in_string = true;
    if ((c == '{' || c == '[') && ++depth > kDeepest)
      fail(ErrorKind::input, "{}: nested more than {} levels deep", what, kDeepest);
    if (c == '}' || c == ']') --depth;
    result += c;
  }
  return result;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  try {
    return Json::parse(standard_json(text, what));
  } catch (const Json::exception& error) {
    const std::string_view reason = error.what();  // "[json.exception.parse_error.101] parse error at ..."
    fail(ErrorKind::input, "{}: damaged JSON: {}", what, reason.substr(reason.find(' ') + 1));
  }
}

Json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

}  // namespace evenflow
