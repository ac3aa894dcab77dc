// Errors with their place in front, and JSON from strangers.
#pragma once

#include <string>
#include <string_view>

#include "evenflow/base/text.h"
#include "evenflow/json.h"

namespace evenflow::keras {

// What action() gives; its errors get "place: " in front. Failures inside the JSON library become Error(input).
template <class Action>
auto in_context(std::string_view place, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", place, error.what()));
  } catch (const Json::exception& error) {
    fail(ErrorKind::input, "{}: {}", place, printable(error.what()));
  }
}

// object[key], or null when there is no such key or no object.
inline const Json& optional_key(const Json& object, std::string_view key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(std::string(key));
  return found == object.end() ? null : *found;
}

inline const Json& required_key(const Json& object, std::string_view key) {
  const Json& value = optional_key(object, key);
  if (value.is_null()) fail(ErrorKind::input, "the key '{}' is missing", key);
  return value;
}

inline std::string required_text(const Json& object, std::string_view key) {
  const Json& value = required_key(object, key);
  if (!value.is_string()) fail(ErrorKind::input, "'{}' must be text, not {}", key, printable(value.dump()));
  return value.get<std::string>();
}

inline const Json& required_list(const Json& object, std::string_view key) {
  const Json& value = required_key(object, key);
  if (!value.is_array()) fail(ErrorKind::input, "'{}' must be a list", key);
  return value;
}

}  // namespace evenflow::keras
