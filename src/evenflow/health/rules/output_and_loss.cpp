// The output's activation and the loss do not fit each other, or the targets.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

bool among(std::string_view name, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string misfit(const Trace& trace, const LayerTrace& output, Severity& severity) {
  const std::string activation = output.activation.empty() ? "linear" : output.activation;
  const std::string& loss = trace.loss;
  const bool cross_entropy = loss.ends_with("crossentropy");
  const auto says = [&](Severity s, std::string text) {
    severity = s;
    return text;
  };
  if (activation == "softmax" && output.units == 1) {
    return says(Severity::error, "softmax over a single unit is always 1: its gradient is zero");
  }
  if (cross_entropy && !trace.from_logits && among(activation, {"relu", "linear", "tanh", "elu", "selu"})) {
    return says(Severity::error, fmt::format("{} wants probabilities, and {} gives any number", loss, activation));
  }
  if (cross_entropy && trace.from_logits && among(activation, {"softmax", "sigmoid"})) {
    return says(Severity::error, fmt::format("the loss is told to expect logits (from_logits), and the output already "
                                             "went through {}: it is squashed twice",
                                             activation));
  }
  if (loss == "binary_crossentropy" && activation == "softmax" && output.units > 1) {
    return says(Severity::warning,
                "binary_crossentropy judges units one by one, softmax couples them: "
                "categorical_crossentropy fits");
  }
  if (among(loss, {"categorical_crossentropy", "sparse_categorical_crossentropy"}) && activation == "sigmoid") {
    return says(Severity::warning,
                fmt::format("{} wants a distribution over the units, and sigmoid gives each its own: "
                            "softmax fits",
                            loss));
  }
  if (!trace.data_facts || !trace.data_facts->with_targets) return "";
  const DataFacts& facts = *trace.data_facts;
  if (among(loss, {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh"})) {
    if (activation == "sigmoid" && (facts.target_minimum < -0.01 || facts.target_maximum > 1.01)) {
      return says(Severity::error, fmt::format("sigmoid gives 0 to 1, the targets go from {:.3g} to {:.3g}",
                                               facts.target_minimum, facts.target_maximum));
    }
    if (activation == "tanh" && (facts.target_minimum < -1.01 || facts.target_maximum > 1.01)) {
      return says(Severity::error, fmt::format("tanh gives -1 to 1, the targets go from {:.3g} to {:.3g}",
                                               facts.target_minimum, facts.target_maximum));
    }
    if (activation == "relu" && facts.target_minimum < -0.01 * std::abs(facts.target_maximum)) {
      return says(Severity::error,
                  fmt::format("relu gives no negative numbers, the targets go down to {:.3g}", facts.target_minimum));
    }
  }
  return "";
}

Verdict check(const Trace& trace) {
  if (trace.loss.empty() || trace.chain.empty()) return Silence{"the model has no loss"};
  const LayerTrace& output = trace.layers[trace.chain.back()];
  Severity severity = Severity::warning;
  const std::string what = misfit(trace, output, severity);
  if (what.empty()) {
    return Silence{fmt::format("{} and {} fit", output.activation.empty() ? "linear" : output.activation, trace.loss)};
  }
  Finding finding{.severity = severity, .layers = {output.name}};
  finding.evidence = {{"output_units", static_cast<double>(output.units), "units"}};
  if (trace.data_facts && trace.data_facts->with_targets) {
    finding.evidence.push_back({"target_minimum", trace.data_facts->target_minimum, "target"});
    finding.evidence.push_back({"target_maximum", trace.data_facts->target_maximum, "target"});
  }
  finding.message = fmt::format("The output {} does not fit: {}.", output.name, what);
  finding.advice = {
      "sigmoid with binary_crossentropy, softmax with categorical_crossentropy, linear with "
      "mean_squared_error"};
  return finding;
}

}  // namespace

extern const Rule output_and_loss;
constinit const Rule output_and_loss{
    .id = "output-and-loss",
    .summary = "The output layer does not fit the loss or the targets.",
    .check = check,
};

}  // namespace evenflow::rules
