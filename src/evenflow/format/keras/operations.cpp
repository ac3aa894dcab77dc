#include "evenflow/format/keras/operations.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "evenflow/format/keras/call.h"
#include "evenflow/format/keras/context.h"

namespace evenflow::keras {
namespace {

// "Relu" of keras.ops is the activation "relu"; those with settings of their own are not here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kActivations = {{
    {"Relu", "relu"},
    {"Relu6", "relu6"},
    {"Sigmoid", "sigmoid"},
    {"Tanh", "tanh"},
    {"Softplus", "softplus"},
    {"Softsign", "softsign"},
    {"Silu", "silu"},
    {"Selu", "selu"},
    {"Exp", "exponential"},
    {"LogSigmoid", "log_sigmoid"},
    {"HardSigmoid", "hard_sigmoid"},
    {"HardSilu", "hard_silu"},
}};

// An operation's arguments, wherever the file has them.
class Operation {
 public:
  explicit Operation(const Json& entry)
      : type_(required_text(entry, "class_name")), config_(optional_key(entry, "config")) {
    const Json& nodes = required_list(entry, "inbound_nodes");
    if (nodes.size() != 1) fail(ErrorKind::unsupported, "the operation {} is called {} times", type_, nodes.size());
    arguments_ = required_list(nodes[0], "args");
    named_ = optional_key(nodes[0], "kwargs");
  }

  Layer layer() const {
    if (const std::optional<Layer> known = find()) return *known;
    fail(ErrorKind::unsupported,
         "the operation {} with these arguments is not supported; use a layer, or one of Add, Subtract, Multiply, "
         "TrueDivide, Negative, Maximum, Minimum, GetItem, Reshape, ExpandDims, Transpose, Concatenate, Mean, Max and "
         "the activations",
         printable(type_));
  }

 private:
  using Config = Json;

  std::optional<Layer> find() const {
    const bool arithmetic = type_ == "Add" || type_ == "Subtract" || type_ == "Multiply";
    if (two_tensors() && (arithmetic || type_ == "Maximum" || type_ == "Minimum")) return made(type_);
    if (std::optional<Layer> rescaling = find_rescaling()) return rescaling;
    for (const auto& [operation, activation] : kActivations) {
      if (type_ == operation) return made("Activation", {{"activation", activation}});
    }
    if (type_ == "Softmax" && setting("axis") == -1) return made("Activation", {{"activation", "softmax"}});
    if (type_ == "Concatenate" && setting("axis").is_number_integer()) {
      return made("Concatenate", {{"axis", setting("axis")}});
    }
    if (type_ == "GetItem") return find_item();
    if (type_ == "Mean" || type_ == "Max") return find_pooling(type_ == "Mean" ? "Average" : "Max");
    return find_shape();
  }

  // With one number.
  std::optional<Layer> find_rescaling() const {
    if (type_ == "Negative") return made("Rescaling", {{"scale", -1.0}});
    if (arguments_.size() != 2 || is_tensor(arguments_[0]) == is_tensor(arguments_[1])) return std::nullopt;
    const bool tensor_first = is_tensor(arguments_[0]);
    const Json& number = arguments_[tensor_first ? 1 : 0];
    if (!number.is_number()) return std::nullopt;
    const double value = number.get<double>();
    const auto rescaling = [&](double scale, double offset) {
      return made("Rescaling", {{"scale", scale}, {"offset", offset}});
    };
    if (type_ == "Add") return rescaling(1, value);
    if (type_ == "Multiply") return rescaling(value, 0);
    if (type_ == "Subtract") return tensor_first ? rescaling(1, -value) : rescaling(-1, value);
    const bool divides = type_ == "TrueDivide" || type_ == "Divide";
    if (divides && tensor_first && value != 0) return rescaling(1 / value, 0);
    return std::nullopt;
  }

  // x[:, -1]: Keras's slices as [start, stop].
  std::optional<Layer> find_item() const {
    const Json& key = arguments_.size() > 1 ? arguments_[1] : Json();
    if (!key.is_array()) return std::nullopt;
    Json entries = Json::array();
    for (const Json& one : key) {
      const Json& kind = optional_key(one, "class_name");
      const Json& range = optional_key(one, "config");
      if (one.is_number_integer()) {
        entries.push_back(one);
      } else if (kind == "__ellipsis__") {
        entries.push_back("...");
      } else if (kind == "__slice__" && (optional_key(range, "step").is_null() || range["step"] == 1)) {
        entries.push_back({optional_key(range, "start"), optional_key(range, "stop")});
      } else {
        return std::nullopt;
      }
    }
    return made("GetItem", {{"key", std::move(entries)}});
  }

  std::optional<Layer> find_pooling(const std::string& kind) const {
    const Json& axis = setting("axis");
    const Json& keep = setting("keepdims");
    const Json config = keep == true ? Json{{"keepdims", true}} : Json::object();
    const std::size_t rank = shape().size();
    if (rank == 3 && (axis == 1 || axis == Json::array({1}))) return made("Global" + kind + "Pooling1D", config);
    if (rank == 4 && axis == Json::array({1, 2})) return made("Global" + kind + "Pooling2D", config);
    return std::nullopt;
  }

  std::optional<Layer> find_shape() const {
    if (type_ == "Transpose") {
      const Json& axes = setting("axes");
      if (!axes.is_array() || axes.empty() || axes[0] != 0) return std::nullopt;
      return made("Permute", {{"dims", rest(axes)}});
    }
    if (type_ == "Reshape") {
      const Json& target = setting("newshape");
      if (!target.is_array() || target.empty() || target[0] != -1) return std::nullopt;
      return made("Reshape", {{"target_shape", rest(target)}});
    }
    if (type_ == "ExpandDims" && setting("axis").is_number_integer()) {
      const auto rank = static_cast<std::int64_t>(shape().size()) + 1;
      const auto given = setting("axis").get<std::int64_t>();
      const std::int64_t axis = given < 0 ? given + rank : given;
      if (axis < 1 || axis >= rank) return std::nullopt;
      Json target = rest(shape());
      target.insert(target.begin() + (axis - 1), 1);
      for (Json& extent : target) {
        if (extent.is_null()) extent = -1;
      }
      return made("Reshape", {{"target_shape", std::move(target)}});
    }
    return std::nullopt;
  }

  static Layer made(std::string type, Config config = Json::object()) {
    Layer layer;
    layer.type = std::move(type);
    layer.config = std::move(config);
    return layer;
  }

  static Json rest(const Json& list) {
    Json result = Json::array();
    for (std::size_t i = 1; i < list.size(); ++i) result.push_back(list[i]);
    return result;
  }

  // Keras's layers understand tensors of unlike rank in another way than its operations.
  bool two_tensors() const {
    if (arguments_.size() != 2 || !is_tensor(arguments_[0]) || !is_tensor(arguments_[1])) return false;
    return shape(0).size() == shape(1).size();
  }

  // Of a tensor, with null for extents that are not known.
  const Json& shape(std::size_t argument = 0) const {
    if (argument >= arguments_.size() || !is_tensor(arguments_[argument])) {
      fail(ErrorKind::input, "the operation {} has no tensor", printable(type_));
    }
    return required_list(required_key(arguments_[argument], "config"), "shape");
  }

  // By name at the call or at the operation.
  const Json& setting(std::string_view key) const {
    const Json& here = optional_key(named_, key);
    return here.is_null() ? optional_key(config_, key) : here;
  }

  std::string type_;
  Json config_;
  Json arguments_;
  Json named_;
};

constexpr const char* kOperation = "operation";
constexpr const char* kInput = "__input__";

// Puts what `replace` gives in the place of every tensor.
template <class Replace>
Json with_tensors_replaced(const Json& json, const Replace& replace) {
  if (const std::optional<Json> replacement = replace(json)) return *replacement;
  if (!json.is_structured()) return json;
  Json result = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) {
      result.push_back(with_tensors_replaced(value, replace));
    } else {
      result[key] = with_tensors_replaced(value, replace);
    }
  }
  return result;
}

}  // namespace

bool is_operation(const Json& entry) {
  const Json& module = optional_key(entry, "module");
  // a + b is read as the layer Add, with which it shares its name and its calls.
  if (optional_key(entry, "class_name") == "Add") {
    const Json& nodes = optional_key(entry, "inbound_nodes");
    const auto of_tensors = [](const Json& node) {
      const Json& arguments = optional_key(node, "args");
      return node.is_array() || (arguments.is_array() && std::all_of(arguments.begin(), arguments.end(), is_tensor));
    };
    if (nodes.is_array() && std::all_of(nodes.begin(), nodes.end(), of_tensors)) return false;
  }
  return module.is_string() && module.get<std::string>().starts_with("keras.src.ops");
}

Layer operation_layer(const Json& entry) {
  Layer layer = Operation(entry).layer();
  layer.name = required_text(entry, "name");
  int next = 0;
  const Json& node = entry["inbound_nodes"][0];
  Json kept = {
      {"module", entry["module"]}, {"class_name", entry["class_name"]}, {"config", optional_key(entry, "config")}};
  kept["node"] = with_tensors_replaced(node, [&](const Json& json) {
    return is_tensor(json) ? std::optional<Json>(Json::object({{kInput, next++}})) : std::nullopt;
  });
  if (kept["config"].is_object()) kept["config"].erase("name");
  layer.arguments[kOperation] = std::move(kept);
  return layer;
}

bool was_operation(const Layer& layer) {
  return layer.arguments.is_object() && layer.arguments.contains(kOperation);
}

Json operation_entry(const Layer& layer, const std::vector<Json>& tensors) {
  const Json& kept = layer.arguments.at(kOperation);
  Json config = {{"name", layer.name}};
  if (kept.at("config").is_object()) config.update(kept.at("config"));
  const Json node = with_tensors_replaced(kept.at("node"), [&](const Json& json) {
    return optional_key(json, kInput).is_null() ? std::nullopt
                                                : std::optional<Json>(tensors.at(json[kInput].get<std::size_t>()));
  });
  return {{"module", kept.at("module")},
          {"class_name", kept.at("class_name")},
          {"config", std::move(config)},
          {"registered_name", kept.at("class_name")},
          {"inbound_nodes", Json::array({node})}};
}

}  // namespace evenflow::keras
