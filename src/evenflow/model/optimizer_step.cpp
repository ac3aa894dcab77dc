#include "evenflow/model/optimizer_step.h"

#include <string>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/constraint.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

class OptimizerStep {
 public:
  OptimizerStep(Graph& graph, const Item& optimizer, StatisticsLevel statistics)
      : graph_(graph),
        rule_(optimizer_type(optimizer.type).rule(optimizer.config)),
        clipping_(clipping(optimizer)),
        average_(moving_average(optimizer)) {
    options_.statistics = statistics != StatisticsLevel::off;
    options_.exponents = statistics == StatisticsLevel::full;
    options_.weight_decay = weight_decay(optimizer).value_or(0.0);
    options_.steps = accumulation_steps(optimizer);
    if (clipping_.kind == Clipping::Kind::value) options_.clip_value = static_cast<float>(clipping_.threshold);
  }

  void accumulate(std::span<Trained> trained) {
    if (options_.steps == 1) return;
    for (Trained& one : trained) {
      const Graph::Scope scope(graph_, one.info->layer);
      const ValueId accumulator = slot(one, {"gradient_accumulator"});
      one.gradient = ops::accumulate(graph_, one.gradient, accumulator, options_.steps);
    }
  }

  void update(std::span<const Trained> trained) {
    const ValueId coefficients = ops::update_coefficients(graph_, rule_, options_.steps);
    const ValueId common_scale = global_scale(trained);
    for (const Trained& one : trained) {
      const Graph::Scope scope(graph_, one.info->layer);
      const bool own_scale = clipping_.kind == Clipping::Kind::norm;
      const ValueId scale = own_scale ? ops::norm_scale(graph_, one.gradient, clipping_.threshold) : common_scale;
      std::vector<ValueId> kept;
      for (const UpdateSlot& wanted : rule_.slots) kept.push_back(slot(one, wanted));
      const ops::UpdateOutputs outputs =
          ops::update(graph_, rule_, one.weights, one.gradient, std::move(kept), coefficients, scale, options_);
      if (options_.statistics && own_scale) graph_.output("clip_scale/" + one.info->name, scale);
      output("update/", one, outputs.statistics);
      output("clipped_squares/", one, outputs.clipped_squares);
      output("exponents/", one, outputs.exponents);
    }
  }

  void average(std::span<const Trained> trained) {
    if (!average_) return;
    for (const Trained& one : trained) {
      const Graph::Scope scope(graph_, one.info->layer);
      ops::average_weights(graph_, one.weights, slot(one, {"average"}), average_->momentum,
                           average_->overwrite_frequency, options_.steps);
    }
  }

  std::vector<TrainingStep::Slot> slots;

 private:
  void output(std::string_view prefix, const Trained& one, ValueId value) {
    if (value) graph_.output(std::string(prefix) + one.info->name, value);
  }

  // The factor that clipping by global norm multiplies all gradients with; absent without such clipping.
  ValueId global_scale(std::span<const Trained> trained) {
    if (clipping_.kind != Clipping::Kind::global_norm) return {};
    std::vector<ValueId> gradients;
    for (const Trained& one : trained) gradients.push_back(one.gradient);
    const ValueId norm = ops::global_norm(graph_, std::move(gradients));
    const ValueId scale = ops::global_norm_scale(graph_, norm, clipping_.threshold);
    graph_.output("global_norm", norm);
    graph_.output("clip_scale", scale);
    return scale;
  }

  ValueId slot(const Trained& one, const UpdateSlot& kept) {
    std::string name = fmt::format("{}/{}", one.info->name, kept.name);
    const Shape shape = kept.shape(one.info->shape);
    const ValueId value = graph_.parameter(name, shape);
    slots.push_back({.name = std::move(name), .shape = shape, .initial = kept.initial});
    return value;
  }

  Graph& graph_;
  UpdateRule rule_;
  Clipping clipping_;
  std::optional<MovingAverage> average_;
  ops::UpdateOptions options_;
};

}  // namespace

std::vector<TrainingStep::Slot> add_optimizer_step(Graph& graph, const Item& optimizer, std::vector<Trained> trained,
                                                   StatisticsLevel statistics) {
  const std::vector<Trained> all = trained;
  std::erase_if(trained, [](const Trained& one) { return !one.gradient; });
  if (trained.empty()) return {};
  OptimizerStep step(graph, optimizer, statistics);
  step.accumulate(trained);
  step.update(trained);
  step.average(all);
  for (const Trained& one : trained) {
    if (one.info->constraint.type.empty()) continue;
    const Graph::Scope scope(graph, one.info->layer);
    constrain(graph, one.weights, one.info->constraint);
  }
  return std::move(step.slots);
}

}  // namespace evenflow
