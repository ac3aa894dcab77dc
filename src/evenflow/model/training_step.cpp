#include <array>
#include <limits>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

// A trainable parameter that the loss depends on.
struct Trained {
  const ParameterInfo* info;
  ValueId weights;
  ValueId gradient;
};

std::vector<Trained> differentiate_parameters(Graph& graph, ValueId loss,
                                              const std::vector<ParameterInfo>& parameters) {
  std::vector<Trained> all;
  std::vector<ValueId> weights;
  for (const ParameterInfo& parameter : parameters) {
    if (!parameter.trainable) continue;
    weights.push_back(graph.parameter(parameter.name, parameter.shape));
    all.push_back({.info = &parameter, .weights = weights.back()});
  }
  const std::vector<ValueId> gradients = differentiate(graph, loss, weights);
  std::vector<Trained> trained;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!gradients[i]) continue;  // its layer does not lead to the output
    all[i].gradient = gradients[i];
    trained.push_back(all[i]);
  }
  return trained;
}

// The optimizer of a model as graph nodes: clipping and update of each parameter.
class Optimizer {
 public:
  Optimizer(TrainingStep& step, const Item& optimizer, bool statistics)
      : step_(step),
        config_(optimizer.config),
        type_(optimizer_type(optimizer.type)),
        rule_(type_.rule(config_)),
        slots_(type_.slots(config_)),
        clipping_(clipping(optimizer)) {
    if (slots_.size() != rule_.slots) {
      fail(ErrorKind::internal, "optimizer {}: {} slots are named, its rule has {}", optimizer.type, slots_.size(),
           rule_.slots);
    }
    options_.rule = &rule_;
    options_.statistics = statistics;
    options_.weight_decay = weight_decay(optimizer).value_or(0.0);
    if (clipping_.kind == Clipping::Kind::value) options_.clip_value = static_cast<float>(clipping_.threshold);
  }

  void update_all(const std::vector<Trained>& trained) {
    if (trained.empty()) return;
    Graph& graph = step_.graph;
    std::array<double, kUpdateHyperparameters> hyperparameters{};
    type_.hyperparameters(config_, hyperparameters.data());
    const ValueId coefficients = ops::update_coefficients(graph, rule_, hyperparameters);
    const ValueId common_scale = global_scale(trained);
    for (const Trained& one : trained) {
      const Graph::Scope scope(graph, one.info->layer);
      const bool own_scale = clipping_.kind == Clipping::Kind::norm;
      const ValueId scale = own_scale ? ops::norm_scale(graph, one.gradient, clipping_.threshold) : common_scale;
      const ValueId statistics =
          ops::update(graph, one.weights, one.gradient, slots(*one.info), coefficients, scale, options_);
      if (options_.statistics) graph.output("update/" + one.info->name, statistics);
    }
  }

 private:
  // The factor that clipping by global norm multiplies all gradients with; absent without such clipping.
  ValueId global_scale(const std::vector<Trained>& trained) {
    if (clipping_.kind != Clipping::Kind::global_norm) return {};
    Graph& graph = step_.graph;
    std::vector<ValueId> gradients;
    for (const Trained& one : trained) gradients.push_back(one.gradient);
    const ValueId norm = ops::global_norm(graph, std::move(gradients));
    const ValueId scale = ops::global_norm_scale(graph, norm, clipping_.threshold);
    graph.output("global_norm", norm);
    graph.output("clip_scale", scale);
    return scale;
  }

  std::vector<ValueId> slots(const ParameterInfo& parameter) {
    std::vector<ValueId> values;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      std::string name = parameter.name + "/" + slots_[i];
      values.push_back(step_.graph.parameter(name, parameter.shape));
      step_.slots.push_back({.name = std::move(name), .shape = parameter.shape, .initial = type_.initial(config_, i)});
    }
    return values;
  }

  TrainingStep& step_;
  const Json& config_;
  const OptimizerType& type_;
  const UpdateRule& rule_;
  std::vector<std::string> slots_;
  Clipping clipping_;
  ops::UpdateOptions options_;
};

}  // namespace

TrainingStep build_training_step(const Model& model, const TrainingStepOptions& options) {
  Lowered lowered = lower(model, {.batch = options.batch, .training = true, .samples = options.samples});
  const ValueId loss = add_loss(lowered, model, options.loss);
  TrainingStep step{.graph = std::move(lowered.graph), .parameters = std::move(lowered.parameters), .slots = {}};
  const std::vector<Trained> trained = differentiate_parameters(step.graph, loss, step.parameters);
  const Item& given = model.compile->optimizer;
  const Item optimizer = choose_optimizer(Json{{"class_name", given.type}, {"config", given.config}});
  Optimizer(step, optimizer, options.statistics != StatisticsLevel::off).update_all(trained);
  return step;
}

}  // namespace evenflow
