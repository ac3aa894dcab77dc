#include "evenflow/health.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

std::string_view name_of(Clipping::Kind kind) {
  switch (kind) {
    case Clipping::Kind::none:
      return "";
    case Clipping::Kind::value:
      return "value";
    case Clipping::Kind::norm:
      return "norm";
    case Clipping::Kind::global_norm:
      return "global_norm";
  }
  return "";
}

}  // namespace

RunTrace describe_run(const Model& model, std::string data, std::int64_t batch_size) {
  RunTrace run{.model = model.name, .data = std::move(data), .batch_size = batch_size};
  if (model.compile) {
    const CompileSettings& compile = *model.compile;
    run.loss = compile.loss.type;
    const Item optimizer =
        choose_optimizer(Json{{"class_name", compile.optimizer.type}, {"config", compile.optimizer.config}});
    run.optimizer = optimizer.type;
    run.momentum = optimizer.config.value("momentum", optimizer.config.value("beta_1", 0.0));
    run.nesterov = optimizer.config.value("nesterov", false);
    run.adaptive = optimizer_type(optimizer.type).adaptive;
    if (run.adaptive) run.epsilon = optimizer.config.value("epsilon", 0.0);
    const Clipping clip = clipping(optimizer);
    run.clipping = name_of(clip.kind);
    run.clip_threshold = clip.threshold;
  }
  const Lowered lowered = lower(model, {.training = true});
  for (const ParameterInfo& parameter : lowered.parameters) {
    if (!parameter.trainable) continue;
    run.parameters.push_back({.name = parameter.name, .layer = parameter.layer, .elements = parameter.shape.count()});
  }
  for (const LoweredLayer& layer : lowered.layers) {
    run.layers.push_back({layer.name, layer.type, std::string(layer.activation.name)});
  }
  return run;
}

}  // namespace evenflow
