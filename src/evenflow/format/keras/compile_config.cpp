#include "evenflow/format/keras/compile_config.h"

#include <algorithm>
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
  for (const char* key : {"weighted_metrics", "sample_weight_mode"}) {
    const Json& value = optional_key(json, key);
    if (!value.is_null() && !value.empty()) {
      fail(ErrorKind::unsupported, "{} = {} is not supported", key, printable(value.dump()));
    }
  }
}

// A setting per output, given as a list in the outputs' order or by the outputs' names; or one for all.
bool is_per_output(const Json& value) {
  return value.is_array() || (value.is_object() && !value.contains("class_name"));
}

std::vector<Json> per_output(const Json& value, const Model& model, std::string_view what) {
  const std::size_t count = model.outputs.size();
  if (!is_per_output(value)) return std::vector<Json>(count, value);
  std::vector<Json> result(count);
  if (value.is_array()) {
    if (value.size() != count) {
      fail(ErrorKind::input, "{} {} for {} output{}", value.size(), what, count, count == 1 ? "" : "s");
    }
    std::copy(value.begin(), value.end(), result.begin());
    return result;
  }
  for (const auto& [name, one] : value.items()) {
    const auto at = std::find_if(model.outputs.begin(), model.outputs.end(),
                                 [&, &wanted = name](const LayerOutput& output) { return output.layer == wanted; });
    if (at != model.outputs.end()) {
      result[static_cast<std::size_t>(at - model.outputs.begin())] = one;
    } else if (count == 1 && value.size() == 1) {
      result[0] = one;  // a model with one output may keep its settings under any name
    } else {
      fail(ErrorKind::input, "{} for '{}', which is no output of the model", what, printable(name));
    }
  }
  return result;
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
std::string todays_metric(const std::string& name, const Item& loss, const Model& model, const Shape& output) {
  const bool accuracy = name == "accuracy" || name == "acc";
  const bool differs =
      model.keras.major == 2 && loss.type == "binary_crossentropy" && output.rank() > 0 && output.back() != 1;
  return accuracy && differs ? "binary_accuracy" : name;
}

Json metric_entry(const Item& metric, const Item& loss, const Model& model, const Shape& output) {
  const std::string class_name = metric_class(metric.type);
  if (metric.config.empty() || class_name.empty()) return todays_metric(metric.type, loss, model, output);
  return keras_object("keras.metrics", class_name, metric.config);
}

// ---- Optimizers and losses ------------------------------------------------------------------------------------

// Keras insists on floating-point numbers for rates and on integers for counts.
Json with_real_numbers(const Json& config) {
  Json result = Json::object();
  for (const auto& [key, value] : config.items()) {
    const bool counts = key.ends_with("steps") || key.ends_with("frequency");
    if (value.is_null() || key.starts_with("keras2_")) continue;  // Keras 3 has no such key
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

std::optional<CompileSettings> read_compile_config(const Json& json, const Model& model) {
  if (!json.is_object() || json.empty()) return std::nullopt;
  CompileSettings settings;
  const Json& legacy = optional_key(json, "optimizer_config");
  const Json& optimizer = legacy.is_null() ? required_key(json, "optimizer") : legacy;
  settings.optimizer = in_context("optimizer", [&] { return choose_optimizer(optimizer, model.keras); });
  const std::vector<Json> losses = per_output(optional_key(json, "loss"), model, "losses");
  const std::vector<Json> weights = per_output(optional_key(json, "loss_weights"), model, "loss weights");
  const Json& metrics = optional_key(json, "metrics");
  std::vector<OutputSettings> outputs(model.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!losses[i].is_null()) outputs[i].loss = in_context("loss", [&] { return choose_loss(losses[i]); });
    if (!weights[i].is_null() && !weights[i].is_number()) {
      fail(ErrorKind::input, "a loss weight must be a number, not {}", printable(weights[i].dump()));
    }
    outputs[i].weight = weights[i].is_null() ? 1.0 : weights[i].get<double>();
    in_context("metrics", [&] {
      // One list for a single output; a list of lists, or a dictionary, for several.
      const bool nested = outputs.size() > 1 && is_per_output(metrics);
      read_metrics(nested ? per_output(metrics, model, "metrics")[i] : metrics, outputs[i].metrics);
    });
  }
  if (outputs.size() == 1 && outputs[0].weight == 1.0) {
    settings.loss = std::move(outputs[0].loss);
    settings.metrics = std::move(outputs[0].metrics);
  } else {
    settings.outputs = std::move(outputs);
  }
  check_unsupported_settings(json);
  return settings;
}

Json compile_config(const Model& model) {
  const CompileSettings& settings = *model.compile;
  const std::vector<Shape> shapes = output_shapes(model);
  Json losses = Json::array();
  Json weights = Json::array();
  Json metrics = Json::array();
  bool weighted = false;
  bool measured = false;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const OutputSettings output = settings.of_output(i);
    losses.push_back(loss_entry(output.loss));
    weights.push_back(output.weight);
    weighted = weighted || output.weight != 1.0;
    Json own = Json::array();
    for (const Item& metric : output.metrics) own.push_back(metric_entry(metric, output.loss, model, shapes[i]));
    measured = measured || !own.empty();
    metrics.push_back(std::move(own));
  }
  const bool single = shapes.size() == 1;
  return {{"optimizer", optimizer_entry(settings.optimizer)},
          {"loss", single ? Json(losses[0]) : losses},
          {"loss_weights", weighted ? weights : Json()},
          {"metrics", !measured ? Json()
                      : single  ? Json(metrics[0])
                                : metrics},
          {"weighted_metrics", nullptr}};
}

}  // namespace evenflow::keras
