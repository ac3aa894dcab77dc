// `evenflow check --json`, as docs/check.schema.json describes it. JSON has no NaN: numbers that are not finite are
// the strings "NaN", "Infinity", "-Infinity", and what was not measured is null.
#include <cmath>

#include "evenflow/base/json_text.h"
#include "evenflow/report.h"

namespace evenflow {
namespace {

constexpr int kSchemaVersion = 1;

Json optional(const std::optional<double>& value) {
  return value ? number(*value) : Json();
}

// A norm kept as its log10: the plain number (which may be beyond double: then "Infinity" or 0), and the log10 (null
// for exact zero).
void add_norm(Json& json, const std::string& name, const std::optional<double>& log10_norm) {
  const bool zero = log10_norm && *log10_norm <= kZeroNorm;
  json[name] = !log10_norm ? Json() : zero ? Json(0.0) : number(std::pow(10.0, *log10_norm));
  json["log10_" + name] = !log10_norm || zero ? Json() : number(*log10_norm);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json measured(const Measured& value) {
  return {{"mean", number(value.mean)}, {"std", number(value.deviation)}};
}

Json layer_json(const LayerTrace& layer) {
  Json json{{"name", layer.name},
            {"type", layer.type},
            {"activation", text_or_null(layer.activation)},
            {"initializer", text_or_null(layer.initializer)},
            {"units", layer.units},
            {"parameters", layer.parameters},
            {"trainable", layer.trainable},
            {"second_moment", optional(layer.second_moment)},
            {"variance_fraction", optional(layer.variance_fraction)},
            {"mean_slope", optional(layer.mean_slope)},
            {"mean_square_slope", optional(layer.mean_square_slope)},
            {"saturated", optional(layer.saturated)},
            {"dead", optional(layer.dead)}};
  add_norm(json, "backward_norm", layer.backward_norm);
  add_norm(json, "pre_activation_norm", layer.pre_activation_norm);
  add_norm(json, "weight_gradient_norm", layer.weight_gradient_norm);
  add_norm(json, "weight_norm", layer.weight_norm);
  json["update_ratio"] = optional(layer.update_ratio);
  json["slope_decades"] = optional(layer.slope_decades);
  json["weight_decades"] = optional(layer.weight_decades);
  json["non_finite"] = number(layer.non_finite);
  json["weight_gain"] = optional(layer.weight_gain);
  json["drawn_gain"] = optional(layer.drawn_gain);
  json["alike_units"] = optional(layer.alike_units);
  json["predicted_decades"] = optional(layer.predicted_decades);
  json["predicted_deviation"] = optional(layer.predicted_deviation);
  json["expected_saturated"] = optional(layer.expected_saturated);
  json["expected_dead"] = optional(layer.expected_dead);
  return json;
}

Json flow_json(const Trace& trace) {
  Json path = Json::array();
  for (const std::size_t layer : trace.path) path.push_back(trace.layers[layer].name);
  return {{"total_decades", measured(trace.total_decades)},
          {"decades_per_layer", measured(trace.decades_per_layer)},
          {"expected_deviation", number(trace.expected_deviation)},
          {"predicted_decades", optional(trace.predicted_decades)},
          {"predicted_deviation", optional(trace.predicted_deviation)},
          {"doubts", trace.doubts},
          {"dead_redraws", trace.dead_redraws},
          {"path", path}};
}

Json onset_json(const Finding& finding) {
  if (!finding.onset) return {};
  return {{"layer", text_or_null(finding.onset->layer)}, {"step", finding.onset->step}};
}

Json causes_json(std::span<const Finding::Cause> causes) {
  Json json = Json::array();
  for (const Finding::Cause& cause : causes) {
    json.push_back({{"factor", cause.factor}, {"decades", number(cause.decades)}, {"explanation", cause.explanation}});
  }
  return json;
}

Json finding_json(const Finding& finding) {
  Json evidence = Json::array();
  for (const Finding::Number& n : finding.evidence) {
    evidence.push_back({{"name", n.name}, {"value", number(n.value)}, {"unit", n.unit}});
  }
  return {{"rule", finding.rule},
          {"severity", std::string(to_string(finding.severity))},
          {"layers", finding.layers},
          {"onset", onset_json(finding)},
          {"evidence", evidence},
          {"cause", causes_json(finding.cause)},
          {"experiment", causes_json(finding.experiment)},
          {"message", finding.message},
          {"advice", finding.advice},
          {"learn", finding.learn}};
}

}  // namespace

Json check_json(const Trace& trace, std::span<const Finding> findings) {
  Json json{{"schema_version", kSchemaVersion},
            {"model", trace.model},
            {"protocol", trace.protocol},
            {"data", trace.data},
            {"loss", text_or_null(trace.loss)},
            {"loss_value", trace.protocol == "loss" ? number(trace.loss_value) : Json()},
            {"optimizer", text_or_null(trace.optimizer)},
            {"learning_rate", trace.optimizer.empty() ? Json() : number(trace.learning_rate)},
            {"batch_size", trace.batch_size},
            {"batches", trace.batches},
            {"redraws", trace.redraws},
            {"seed", trace.seed},
            {"flow", flow_json(trace)}};
  json["layers"] = Json::array();
  for (const LayerTrace& layer : trace.layers) json["layers"].push_back(layer_json(layer));
  json["findings"] = Json::array();
  for (const Finding& finding : findings) json["findings"].push_back(finding_json(finding));
  return json;
}

}  // namespace evenflow
