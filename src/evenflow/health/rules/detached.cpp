// Layers with weights to train that no loss depends on: an output without a loss, or with a weight of zero.
#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

bool gets_gradient(const LayerTrace& layer) {
  return layer.backward_norm || layer.pre_activation_norm || layer.weight_gradient_norm;
}

Verdict check(const Trace& trace) {
  if (std::none_of(trace.layers.begin(), trace.layers.end(), gets_gradient)) {
    return Silence{"no gradient was measured anywhere"};
  }
  Finding finding{.severity = Severity::warning};
  for (const LayerTrace& layer : trace.layers) {
    if (layer.parameters > 0 && layer.trainable && !gets_gradient(layer)) finding.layers.push_back(layer.name);
  }
  if (finding.layers.empty()) return Silence{"the loss depends on every layer that has weights to train"};
  const std::size_t count = finding.layers.size();
  finding.evidence = {{"layers_without_a_loss", static_cast<double>(count), "layers"}};
  finding.message =
      fmt::format("No loss depends on {} ({}): {} the initial weights. This is not a gradient that vanishes.",
                  count == 1 ? "this layer" : fmt::format("these {} layers", count), join(finding.layers),
                  count == 1 ? "it keeps" : "they keep");
  finding.advice = {"a loss for every output (compile(loss=[...])), and loss_weights that are not 0",
                    "trainable=False for layers that are meant to stay as they are"};
  return finding;
}

}  // namespace

extern const Rule detached;
constinit const Rule detached{
    .id = "detached",
    .summary = "No loss depends on a layer that has weights to train.",
    .check = check,
};

}  // namespace evenflow::rules
