#include "evenflow/model/loss_function.h"

#include "evenflow/base/text.h"
#include "evenflow/model/registry_names.h"

namespace evenflow {
namespace {

double as_number(const LossFunction& loss, const std::string& key, const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_null()) return 0;
  if (!value.is_number())
    fail(ErrorKind::input, "loss '{}': '{}' must be a number, not {}", loss.id, key, value.dump());
  return value.get<double>();
}

// Keras's default, under all of its names, and the two others that give one number.
bool is_default_reduction(const Json& reduction) {
  return reduction.is_null() || reduction == "auto" || reduction == "sum_over_batch_size" || reduction == "mean";
}
bool is_known_reduction(const Json& reduction) {
  return is_default_reduction(reduction) || reduction == "sum" || reduction == "mean_with_sample_weight";
}

// What of a configuration has no effect here, or the effect that is the only one there is.
void check_common_keys(const LossFunction& loss, const Json& config) {
  if (config.contains("reduction") && !is_known_reduction(config["reduction"])) {
    fail(ErrorKind::unsupported,
         "loss '{}': the reduction {}; known are \"sum_over_batch_size\", \"sum\" and \"mean_with_sample_weight\"",
         loss.id, config["reduction"].dump());
  }
  if (loss.from_logits == nullptr && config.contains("from_logits") && config["from_logits"] == true) {
    fail(ErrorKind::unsupported, "loss '{}': from_logits", loss.id);
  }
  if (config.contains("axis") && !config["axis"].is_null() && config["axis"] != -1) {
    fail(ErrorKind::unsupported, "loss '{}': axis {}; known is -1", loss.id, config["axis"].dump());
  }
  if (config.contains("ignore_class") && !config["ignore_class"].is_null()) {
    fail(ErrorKind::unsupported, "loss '{}': ignore_class", loss.id);
  }
}

}  // namespace

Item choose_loss(const Json& config) {
  std::string name;
  Json given = Json::object();
  if (config.is_string()) {
    name = config.get<std::string>();
  } else if (config.is_object() && config.contains("class_name") && config["class_name"].is_string()) {
    name = config["class_name"];
    const Json inner = config.contains("config") ? config["config"] : Json::object();
    if (name == "function" && inner.is_string()) name = inner.get<std::string>();
    // Keras 2 wraps plain functions: {"class_name": "LossFunctionWrapper", "config": {"fn": "mean_squared_error"}}.
    if (inner.is_object()) {
      given = inner;
      if (inner.contains("fn") && inner["fn"].is_string()) name = inner["fn"];
    }
  } else {
    fail(ErrorKind::input, "a loss must be a name or a serialized object, not {}", config.dump());
  }
  const LossFunction* loss = find_item(all_losses(), name);
  if (loss == nullptr) fail_unknown("loss", name, all_losses());
  check_common_keys(*loss, given);

  Item item{.type = std::string(loss->id)};
  const Json defaults = Json::parse(loss->parameters);
  for (const auto& [key, standard] : defaults.items()) {
    item.config[key] = given.contains(key) && !given[key].is_null() ? given[key] : standard;
  }
  if (loss->from_logits != nullptr) {
    item.config["from_logits"] =
        given.contains("from_logits") && given["from_logits"].is_boolean() && given["from_logits"].get<bool>();
  }
  if (given.contains("reduction") && !is_default_reduction(given["reduction"]))
    item.config["reduction"] = given["reduction"];
  loss_choice(item);  // checks the numbers
  return item;
}

LossChoice loss_choice(const Item& item) {
  const LossFunction* loss = find_item(all_losses(), item.type);
  if (loss == nullptr) fail_unknown("loss", item.type, all_losses());
  LossChoice choice{.function = loss};
  std::size_t i = 0;
  const Json defaults = Json::parse(loss->parameters);
  for (const auto& [key, standard] : defaults.items()) {
    choice.parameters[i++] = as_number(*loss, key, item.config.contains(key) ? item.config[key] : standard);
  }
  choice.from_logits = item.config.contains("from_logits") && item.config["from_logits"].is_boolean() &&
                       item.config["from_logits"].get<bool>();
  return choice;
}

}  // namespace evenflow
