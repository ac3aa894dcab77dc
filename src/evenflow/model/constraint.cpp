#include "evenflow/model/constraint.h"

#include <algorithm>
#include <string>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/constrain.h"

namespace evenflow {
namespace {

struct ConstraintType {
  const char* id;
  const char* alias;  // of the function in Keras
  Json defaults;
};

const ConstraintType* find_constraint(const std::string& name) {
  static const ConstraintType types[] = {
      {"MaxNorm", "max_norm", {{"max_value", 2.0}, {"axis", 0}}},
      {"UnitNorm", "unit_norm", {{"axis", 0}}},
      {"NonNeg", "non_neg", Json::object()},
      {"MinMaxNorm", "min_max_norm", {{"min_value", 0.0}, {"max_value", 1.0}, {"rate", 1.0}, {"axis", 0}}},
  };
  const std::string wanted = lower(name);
  const auto* const found = std::find_if(std::begin(types), std::end(types), [&](const ConstraintType& type) {
    return wanted == type.alias || wanted == lower(type.id);
  });
  return found == std::end(types) ? nullptr : found;
}

bool is_axis(const Json& value) {
  return value.is_number_integer() || (value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& a) {
                                         return a.is_number_integer();
                                       }));
}

}  // namespace

Item choose_constraint(const Json& config) {
  if (config.is_null()) return {};
  const bool object = config.is_object();
  const Json class_name = object && config.contains("class_name") ? config["class_name"] : config;
  const ConstraintType* type = class_name.is_string() ? find_constraint(class_name.get<std::string>()) : nullptr;
  if (type == nullptr) {
    fail(ErrorKind::unsupported, "unknown constraint {}; known are MaxNorm, UnitNorm, NonNeg and MinMaxNorm",
         printable(config.dump()));
  }
  Item item{type->id, type->defaults};
  if (!object || !config.contains("config")) return item;
  for (auto& [key, standard] : item.config.items()) {
    const auto given = config["config"].find(key);
    if (given == config["config"].end() || given->is_null()) continue;
    const bool fits = key == "axis" ? is_axis(*given) : given->is_number();
    if (!fits) {
      fail(ErrorKind::input, "constraint {}: {} must be {}, not {}", type->id, key,
           key == "axis" ? "an axis or a list of axes" : "a number", printable(given->dump()));
    }
    standard = *given;
  }
  return item;
}

void constrain(Graph& graph, ValueId weights, const Item& constraint) {
  if (constraint.type == "NonNeg") return ops::clear_negative(graph, weights);
  const bool unit = constraint.type == "UnitNorm";
  const Json& config = constraint.config;
  const Json& axis = config.at("axis");
  ops::bound_norms(graph, weights,
                   {.minimum = unit ? 1.0 : config.value("min_value", 0.0),
                    .maximum = unit ? 1.0 : config.at("max_value").get<double>(),
                    .rate = config.value("rate", 1.0),
                    .axes = axis.is_array() ? axis.get<std::vector<int>>() : std::vector<int>{axis.get<int>()}});
}

}  // namespace evenflow
