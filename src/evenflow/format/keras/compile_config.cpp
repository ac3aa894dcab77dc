#include "evenflow/format/keras/compile_config.h"

#include <string>
#include <string_view>
#include <utility>

#include "evenflow/format/keras/context.h"
#include "evenflow/format/keras/layer_config.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/metric_function.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow::keras {
namespace {

// Settings that change what training computes and that evenflow has nothing for.
void check_unsupported_settings(const Json& json) {
  for (const char* key : {"loss_weights", "weighted_metrics", "sample_weight_mode"}) {
    const Json& value = optional_key(json, key);
    if (!value.is_null() && !value.empty()) {
      fail(ErrorKind::unsupported, "{} = {} is not supported", key, printable(value.dump()));
    }
  }
}

// Models with one output may keep its settings in a list or under the output's name.
const Json& single(const Json& value, std::string_view what) {
  const bool wrapped = value.is_array() || (value.is_object() && !value.contains("class_name"));
  if (!wrapped) return value;
  if (value.size() != 1) fail(ErrorKind::unsupported, "{} {} for one output", value.size(), what);
  return *value.begin();
}

// ---- Metrics --------------------------------------------------------------------------------------------------

// The function's name for a class: MeanSquaredError is mean_squared_error, as a metric and as a loss.
std::string metric_id(const std::string& class_name) {
  std::vector<std::string> known;
  for (const MetricFunction* metric : all_metrics()) {
    if (metric->class_name == class_name) return std::string(metric->id);
    known.emplace_back(metric->class_name);
  }
  for (const LossFunction* loss : all_losses()) {
    if (loss->class_name == class_name) return std::string(loss->id);
    known.emplace_back(loss->class_name);
  }
  const std::string near = nearest(class_name, known);
  fail(ErrorKind::unsupported, "the metric {} is not supported{}", printable(class_name),
       near.empty() ? "" : fmt::format("; did you mean {}?", near));
}

std::string metric_class(const std::string& id) {
  for (const MetricFunction* metric : all_metrics()) {
    if (metric->id == id) return std::string(metric->class_name);
  }
  for (const LossFunction* loss : all_losses()) {
    if (loss->id == id) return std::string(loss->class_name);
  }
  return {};
}

// Options of metric classes at the values that the function uses.
bool is_usual_option(const std::string& key, const Json& value) {
  static const Json usual = {{"threshold", 0.5}, {"from_logits", false}, {"label_smoothing", 0.0}, {"axis", -1}};
  return value.is_null() || key == "dtype" || key == "name" || key == "fn" || key == "reduction" ||
         (usual.contains(key) && usual[key] == value);
}

Item read_metric(const Json& json) {
  if (json.is_string()) return {json.get<std::string>(), Json::object()};
  const std::string class_name = required_text(json, "class_name");
  const Json& config = optional_key(json, "config");
  if (class_name == "function") return {config.is_string() ? config.get<std::string>() : "", Json::object()};
  for (const auto& [key, value] : config.items()) {
    if (!is_usual_option(key, value)) {
      fail(ErrorKind::unsupported, "{} with {} = {} is not supported", printable(class_name), printable(key),
           printable(value.dump()));
    }
  }
  // tf.keras wraps a function under the name that the user gave.
  if (class_name == "MeanMetricWrapper") return {required_text(config, "fn"), Json::object()};
  Item metric{metric_id(class_name), Json::object()};
  const Json& name = optional_key(config, "name");
  if (name.is_string() && name != metric.type) metric.config["name"] = name;
  return metric;
}

void read_metrics(const Json& json, std::vector<Item>& metrics) {
  if (json.is_null()) return;
  // Nested lists and dictionaries are lists per output.
  if (json.is_array() || (json.is_object() && !json.contains("class_name"))) {
    for (const Json& element : json) read_metrics(element, metrics);
  } else {
    metrics.push_back(read_metric(json));
  }
}

// Keras 2 understands "accuracy" by the loss, Keras 3 by shapes alone: they differ for several outputs under
// binary_crossentropy.
std::string todays_metric(const std::string& name, const Model& model, const Shape& output) {
  const bool accuracy = name == "accuracy" || name == "acc";
  const bool differs =
      model.keras.major == 2 && model.compile->loss.type == "binary_crossentropy" && output.back() != 1;
  return accuracy && differs ? "binary_accuracy" : name;
}

Json metric_entry(const Item& metric, const Model& model, const Shape& output) {
  const std::string class_name = metric_class(metric.type);
  if (metric.config.empty() || class_name.empty()) return todays_metric(metric.type, model, output);
  return keras_object("keras.metrics", class_name, metric.config);
}

// ---- Optimizers and losses ------------------------------------------------------------------------------------

// Keras insists on floating-point numbers for rates and on integers for counts.
Json with_real_numbers(const Json& config) {
  Json result = Json::object();
  for (const auto& [key, value] : config.items()) {
    const bool counts = key.ends_with("steps") || key.ends_with("frequency");
    if (value.is_null()) continue;
    result[key] = value.is_number() && !counts ? Json(value.get<double>()) : value;
  }
  return result;
}

Json optimizer_entry(const Item& given) {
  const Item optimizer = choose_optimizer({{"class_name", given.type}, {"config", given.config}});
  Json config = with_real_numbers(optimizer.config);
  const Json rate = optional_key(config, "learning_rate");
  if (rate.is_object()) {
    config["learning_rate"] = keras_object("keras.optimizers.schedules", required_text(rate, "class_name"),
                                           with_real_numbers(optional_key(rate, "config")));
  }
  return keras_object("keras.optimizers", optimizer.type, std::move(config));
}

Json loss_entry(const Item& loss) {
  if (loss.type.empty()) return nullptr;
  const Item standard = choose_loss(loss.type);
  Json config = Json::object();
  for (const auto& [key, value] : loss.config.items()) {
    if (!value.is_null() && value != optional_key(standard.config, key)) config[key] = value;
  }
  if (config.empty()) return standard.type;
  const LossChoice choice = loss_choice(standard);
  return keras_object("keras.losses", choice.function->class_name, std::move(config));
}

}  // namespace

std::optional<CompileSettings> read_compile_config(const Json& json, KerasVersion version) {
  if (!json.is_object() || json.empty()) return std::nullopt;
  CompileSettings settings;
  const Json& legacy = optional_key(json, "optimizer_config");
  const Json& optimizer = legacy.is_null() ? required_key(json, "optimizer") : legacy;
  settings.optimizer = in_context("optimizer", [&] { return choose_optimizer(optimizer, version); });
  const Json& loss = single(optional_key(json, "loss"), "losses");
  if (!loss.is_null()) settings.loss = in_context("loss", [&] { return choose_loss(loss); });
  in_context("metrics", [&] { read_metrics(optional_key(json, "metrics"), settings.metrics); });
  check_unsupported_settings(json);
  return settings;
}

Json compile_config(const Model& model, const Shape& output) {
  const CompileSettings& settings = *model.compile;
  Json metrics = Json::array();
  for (const Item& metric : settings.metrics) metrics.push_back(metric_entry(metric, model, output));
  return {{"optimizer", optimizer_entry(settings.optimizer)},
          {"loss", loss_entry(settings.loss)},
          {"loss_weights", nullptr},
          {"metrics", metrics.empty() ? Json() : metrics},
          {"weighted_metrics", nullptr}};
}

}  // namespace evenflow::keras
