#include "evenflow/model/activation_function.h"

#include <algorithm>
#include <string>
#include <vector>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

constexpr std::string_view kRowWise[] = {"softmax", "log_softmax"};
constexpr std::string_view kSignOfY[] = {"relu", "leaky_relu", "elu", "celu"};

// Activation layers may stand where an activation is expected; their keys became the functions' in Keras 3.
struct LayerSpelling {
  std::string_view layer;
  std::string_view function;
};
constexpr LayerSpelling kLayers[] = {
    {"LeakyReLU", "leaky_relu"}, {"ReLU", "relu"}, {"ELU", "elu"}, {"Softmax", "softmax"}};

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const ActivationFunction* function : all_activations()) {
    names.emplace_back(function->id);
    if (!function->alias.empty()) names.emplace_back(function->alias);
  }
  for (const std::string_view name : kRowWise) names.emplace_back(name);
  return names;
}

UnaryParameters parameters_of(const ActivationFunction& function, const Json& config) {
  UnaryParameters parameters;
  std::size_t i = 0;
  const Json defaults = Json::parse(function.parameters);
  for (const auto& [key, standard] : defaults.items()) {
    const Json& value = config.contains(key) ? config[key] : standard;
    if (!value.is_null() && !value.is_number() && !value.is_boolean()) {
      fail(ErrorKind::input, "activation '{}': '{}' must be a number, not {}", function.id, key, value.dump());
    }
    parameters.values[i++] = value.is_null()      ? 0.0f
                             : value.is_boolean() ? (value.get<bool>() ? 1.0f : 0.0f)
                                                  : value.get<float>();
  }
  // Backward tells from the sign of y on which side x was.
  const bool by_sign = std::find(std::begin(kSignOfY), std::end(kSignOfY), function.id) != std::end(kSignOfY);
  if (by_sign && *std::min_element(std::begin(parameters.values), std::end(parameters.values)) < 0) {
    fail(ErrorKind::unsupported, "activation '{}' with a number below 0: {}", function.id, config.dump());
  }
  return parameters;
}

ActivationChoice choose_named(std::string_view name, const Json& config, int keras_major) {
  for (const std::string_view row_wise : kRowWise) {
    if (name == row_wise) return {.name = row_wise, .row_wise = true};
  }
  if (name == "hard_sigmoid" && keras_major < 3) name = "hard_sigmoid_k2";
  const ActivationFunction* function = find_activation(name);
  if (function == nullptr) {
    const std::string near = nearest(name, known_names());
    fail(ErrorKind::unsupported, "unknown activation '{}'{}", printable(name),
         near.empty() ? fmt::format("; known are {}", join(known_names())) : fmt::format("; did you mean '{}'?", near));
  }
  return {.function = function, .parameters = parameters_of(*function, config), .name = function->id};
}

}  // namespace

const ActivationFunction* find_activation(std::string_view id) {
  for (const ActivationFunction* function : all_activations()) {
    if (function->id == id || (!function->alias.empty() && function->alias == id)) return function;
  }
  return nullptr;
}

ActivationChoice choose_activation(const Json& config, int keras_major) {
  if (config.is_null()) return choose_named("linear", Json::object(), keras_major);
  if (config.is_string()) return choose_named(config.get<std::string>(), Json::object(), keras_major);
  if (config.is_object() && config.contains("class_name") && config["class_name"].is_string()) {
    const std::string class_name = config["class_name"];
    const Json inner = config.contains("config") ? config["config"] : Json::object();
    if (class_name == "function" && inner.is_string())
      return choose_named(inner.get<std::string>(), Json::object(), keras_major);
    if (inner.is_object()) {
      for (const LayerSpelling& spelling : kLayers) {
        if (class_name != spelling.layer) continue;
        Json renamed = inner;
        if (spelling.layer == "LeakyReLU") {
          if (inner.contains("alpha")) renamed["negative_slope"] = inner["alpha"];
          if (!renamed.contains("negative_slope"))
            renamed["negative_slope"] = 0.3;  // the layer's default, not the function's
        }
        return choose_named(spelling.function, renamed, keras_major);
      }
      return choose_named(class_name, inner, keras_major);
    }
  }
  fail(ErrorKind::input, "an activation must be a name or a serialized function, not {}", config.dump());
}

}  // namespace evenflow
