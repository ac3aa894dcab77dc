#include "evenflow/format/keras/call.h"

#include <algorithm>
#include <array>
#include <map>

#include "evenflow/format/keras/context.h"

namespace evenflow::keras {
namespace {

enum class Style { keras_2, keras_3 };

bool is_reference(const Json& json) {
  return json.is_array() && json.size() >= 3 && json[0].is_string() && json[1].is_number_integer() &&
         json[2].is_number_integer();
}

Reference reference_from(const Json& json) {
  if (!is_reference(json)) {
    fail(ErrorKind::input, "a connection must be [layer, node, tensor], not {}", printable(json.dump()));
  }
  return {json[0].get<std::string>(), json[1].get<std::int64_t>(), json[2].get<std::int64_t>()};
}

bool is_tensor_of(Style style, const Json& json) {
  return style == Style::keras_3 ? is_tensor(json) : is_reference(json);
}

// All tensors in an argument. Keras walks lists in order and dictionaries by sorted keys.
void find_tensors(const Json& argument, Style style, std::vector<Reference>& found) {
  if (is_tensor_of(style, argument)) {
    const bool keras_3 = style == Style::keras_3;
    found.push_back(
        reference_from(keras_3 ? required_key(required_key(argument, "config"), "keras_history") : argument));
  } else if (argument.is_array()) {
    for (const Json& element : argument) find_tensors(element, style, found);
  } else if (argument.is_object()) {
    std::map<std::string, const Json*> sorted;
    for (const auto& [key, value] : argument.items()) sorted[key] = &value;
    for (const auto& [key, value] : sorted) find_tensors(*value, style, found);
  }
}

std::vector<Reference> tensors_in(const Json& argument, Style style) {
  std::vector<Reference> found;
  find_tensors(argument, style, found);
  return found;
}

void append(std::vector<Reference>& to, const std::vector<Reference>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void read_positional(const Json& argument, Call& call) {
  if (argument.is_null()) return;
  if (!is_tensor(argument) && !argument.is_array()) {
    fail(ErrorKind::unsupported, "is called with {}, which is no tensor", printable(argument.dump()));
  }
  if (!is_tensor(argument)) {
    for (const Json& element : argument) read_positional(element, call);
    return;
  }
  append(call.inputs, tensors_in(argument, Style::keras_3));
}

bool is_mask(std::string_view key) {
  return key == "mask" || key == "query_mask" || key == "value_mask" || key == "key_mask";
}

// Arguments by name. Tensors among them become further inputs in the order of the layers' own arguments.
void read_named(const Json& arguments, Style style, Call& call) {
  if (!arguments.is_object()) return;
  static constexpr std::array<std::string_view, 4> kInputs = {"inputs", "value", "key", "initial_state"};
  for (const std::string_view key : kInputs) {
    append(call.inputs, tensors_in(optional_key(arguments, key), style));
  }
  for (const auto& [key, value] : arguments.items()) {
    if (value.is_null()) continue;
    const std::vector<Reference> tensors = tensors_in(value, style);
    if (tensors.empty()) {
      call.arguments[key] = value;
    } else if (is_mask(key)) {
      append(call.masks, tensors);
    } else if (std::find(kInputs.begin(), kInputs.end(), key) == kInputs.end()) {
      fail(ErrorKind::unsupported, "is called with a tensor as {}, which is not supported", printable(key));
    }
  }
  append(call.tensors, tensors_in(arguments, style));
}

}  // namespace

bool is_tensor(const Json& argument) {
  return optional_key(argument, "class_name") == "__keras_tensor__";
}

Call read_call(const Json& node) {
  Call call;
  if (!node.is_array()) {
    const Json& positional = required_list(node, "args");
    read_positional(positional, call);
    call.tensors = call.inputs;
    read_named(optional_key(node, "kwargs"), Style::keras_3, call);
    return call;
  }
  // Keras 2: a list of [layer, node, tensor, arguments]; for a single input sometimes that list alone.
  const bool single = !node.empty() && node[0].is_string();
  for (const Json& reference : single ? Json::array({node}) : node) {
    call.inputs.push_back(reference_from(reference));
    call.tensors.push_back(call.inputs.back());
    if (reference.size() > 3) read_named(reference[3], Style::keras_2, call);
  }
  return call;
}

Call read_operation_call(const Json& node) {
  Call call;
  call.tensors = tensors_in(required_list(node, "args"), Style::keras_3);
  append(call.tensors, tensors_in(optional_key(node, "kwargs"), Style::keras_3));
  call.inputs = call.tensors;
  return call;
}

std::vector<Reference> read_references(const Json& structure, std::string_view key) {
  std::vector<Reference> references;
  if (structure.is_array() && !structure.empty() && structure[0].is_string()) {
    references.push_back(reference_from(structure));
  } else if (structure.is_array()) {
    for (const Json& part : structure) append(references, read_references(part, key));
  } else if (structure.is_object()) {
    std::map<std::string, const Json*> sorted;
    for (const auto& [name, part] : structure.items()) sorted[name] = &part;
    for (const auto& [name, part] : sorted) append(references, read_references(*part, key));
  } else {
    fail(ErrorKind::input, "{} must be made of [layer, node, tensor], not {}", key, printable(structure.dump()));
  }
  return references;
}

}  // namespace evenflow::keras
