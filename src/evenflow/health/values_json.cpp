// Trace and Finding as JSON: an object with the members' names. Absent numbers are null; NaN and infinite ones are the
// strings "NaN", "Infinity", "-Infinity".
#include <array>
#include <concepts>
#include <limits>
#include <type_traits>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/health/fields.h"

namespace evenflow {
namespace {

constexpr std::array<Severity, 3> kSeverities = {Severity::info, Severity::warning, Severity::error};

// ---- Writing

Json write(const std::string& text) {
  return text;
}
Json write(bool flag) {
  return flag;
}
Json write(double value) {
  return number(value);
}
Json write(Severity severity) {
  return std::string(to_string(severity));
}
template <std::integral T>
Json write(T value) {
  return value;
}
template <class T>
requires std::is_class_v<T> Json write(const T& object);
template <class T>
Json write(const std::optional<T>& value) {
  return value ? write(*value) : Json();
}
template <class T>
Json write(const std::vector<T>& list) {
  Json json = Json::array();
  for (const T& element : list) json.push_back(write(element));
  return json;
}
template <class T>
requires std::is_class_v<T> Json write(const T& object) {
  Json json = Json::object();
  visit_fields(object, [&json](const char* name, const auto& value) { json[name] = write(value); });
  return json;
}

// ---- Reading: `what` is the path of names down to the value.

[[noreturn]] void wrong(const std::string& what, std::string_view expected, const Json& found) {
  fail(ErrorKind::input, "{} must be {}, not {}", what, expected, printable(found.dump().substr(0, 40)));
}

void read(const Json& json, const std::string& what, std::string& text) {
  if (!json.is_string()) wrong(what, "text", json);
  text = json.get<std::string>();
}
void read(const Json& json, const std::string& what, bool& flag) {
  if (!json.is_boolean()) wrong(what, "true or false", json);
  flag = json.get<bool>();
}
void read(const Json& json, const std::string& what, double& value) {
  if (json.is_number()) {
    value = json.get<double>();
  } else if (json == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (json == "Infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (json == "-Infinity") {
    value = -std::numeric_limits<double>::infinity();
  } else {
    wrong(what, "a number", json);
  }
}
void read(const Json& json, const std::string& what, Severity& severity) {
  for (const Severity candidate : kSeverities) {
    if (json == std::string(to_string(candidate))) {
      severity = candidate;
      return;
    }
  }
  wrong(what, "info, warning or error", json);
}
template <std::integral T>
void read(const Json& json, const std::string& what, T& value) {
  if (!json.is_number_integer()) wrong(what, "an integer", json);
  if (std::is_unsigned_v<T> && !json.is_number_unsigned() && json.get<std::int64_t>() < 0) {
    wrong(what, "an integer that is not negative", json);
  }
  value = json.get<T>();
}
template <class T>
requires std::is_class_v<T>
void read(const Json& json, const std::string& what, T& object);
template <class T>
void read(const Json& json, const std::string& what, std::optional<T>& value) {
  value.reset();
  if (!json.is_null()) read(json, what, value.emplace());
}
template <class T>
void read(const Json& json, const std::string& what, std::vector<T>& list) {
  if (!json.is_array()) wrong(what, "a list", json);
  list.clear();
  for (std::size_t i = 0; i < json.size(); ++i) read(json[i], fmt::format("{}[{}]", what, i), list.emplace_back());
}
template <class T>
requires std::is_class_v<T>
void read(const Json& json, const std::string& what, T& object) {
  if (!json.is_object()) wrong(what, "an object", json);
  visit_fields(object, [&](const char* name, auto& value) {
    const auto found = json.find(name);
    if (found == json.end()) fail(ErrorKind::input, "{}: the key '{}' is missing", what, name);
    read(*found, what + "." + name, value);
  });
}

void check_indices(const std::vector<std::size_t>& indices, const Trace& trace, std::string_view what) {
  for (const std::size_t index : indices) {
    if (index >= trace.layers.size()) {
      fail(ErrorKind::input, "trace.{}: there is no layer {}; the trace has {}", what, index, trace.layers.size());
    }
  }
}

}  // namespace

Json to_json(const Trace& trace) {
  return write(trace);
}

Trace trace_from_json(const Json& json) {
  Trace trace;
  read(json, "trace", trace);
  check_indices(trace.chain, trace, "chain");
  check_indices(trace.path, trace, "path");
  return trace;
}

Json to_json(const Finding& finding) {
  return write(finding);
}

Finding finding_from_json(const Json& json) {
  Finding finding;
  read(json, "finding", finding);
  return finding;
}

}  // namespace evenflow
