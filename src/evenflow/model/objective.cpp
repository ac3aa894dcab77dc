// What a model is trained for and judged by: loss, regularization and metrics as nodes of its graph.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_builder.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/lowering.h"
#include "evenflow/model/metric_function.h"
#include "evenflow/model/regularizer.h"

namespace evenflow {
namespace {

const CompileSettings& settings(const Model& model) {
  if (!model.compile || model.compile->loss.type.empty()) {
    fail(ErrorKind::usage, "model '{}' has no loss: compile it first", printable(model.name));
  }
  return *model.compile;
}

// (..., 1): a row per class index.
Shape as_column(const Shape& shape) {
  return concatenate(shape, Shape{1});
}

// Target and prediction in shapes that a loss's or metric's function takes row by row.
struct Pair {
  Shape target;
  Shape prediction;
};

// How the target fits the model's output, for one loss or metric.
class TargetFit {
 public:
  // `what`: "loss 'mean_squared_error'"
  TargetFit(std::string what, const Shape& target, const Shape& output)
      : what_(std::move(what)), target_(target), output_(output), rows_(output.slice(0, output.rank() - 1)) {}

  Pair class_indices() const {
    if (is_class_indices()) return {as_column(rows_), output_};
    if (target_ == output_) misfit("it takes class indices; one-hot targets go with categorical_crossentropy");
    misfit(fmt::format("it takes class indices of shape {} or {}", batch_shape_text(rows_),
                       batch_shape_text(as_column(rows_))));
  }

  // Keras: if the ranks differ by one and the longer shape ends with 1, the shorter is expanded when it has rank 1,
  // else the longer is squeezed.
  Pair same_shape() const {
    Pair pair{target_, output_};
    Shape& longer = target_.rank() > output_.rank() ? pair.target : pair.prediction;
    Shape& shorter = target_.rank() > output_.rank() ? pair.prediction : pair.target;
    if (longer.rank() == shorter.rank() + 1 && longer.back() == 1) {
      if (shorter.rank() == 1) {
        shorter = as_column(shorter);
      } else {
        longer = longer.slice(0, longer.rank() - 1);
      }
    }
    if (pair.target == pair.prediction) return pair;
    if (is_class_indices() && what_.find("categorical") != std::string::npos) {
      misfit("it takes one-hot targets; class indices go with sparse_categorical_crossentropy");
    }
    misfit(fmt::format("the target must have the shape {}", batch_shape_text(output_)));
  }

 private:
  bool is_class_indices() const { return target_ == rows_ || target_ == as_column(rows_); }

  [[noreturn]] void misfit(const std::string& hint) const {
    fail(ErrorKind::input, "{}: the target has shape {}, but the model's output has shape {}; {}", what_,
         batch_shape_text(target_), batch_shape_text(output_), hint);
  }

  std::string what_;
  Shape target_;
  Shape output_;
  Shape rows_;  // all axes of the output but the last
};

LossChoice chosen_loss(const Item& loss) {
  return loss_choice(choose_loss(Json{{"class_name", loss.type}, {"config", loss.config}}));
}

std::array<double, kRowParameters> row_parameters(const LossChoice& loss) {
  std::array<double, kRowParameters> parameters;
  std::copy_n(loss.parameters, kRowParameters, parameters.begin());
  return parameters;
}

// The output's own activation, which a fused cross-entropy undoes.
std::string_view output_activation(const Lowered& lowered, const Model& model) {
  for (const LoweredLayer& layer : lowered.layers) {
    if (layer.name == model.outputs.front()) return layer.activation.name;
  }
  return {};
}

ValueId data_loss(Lowered& lowered, const Model& model, ValueId target) {
  Graph& graph = lowered.graph;
  const Item& item = settings(model).loss;
  const LossChoice loss = chosen_loss(item);
  const TargetFit fit(fmt::format("loss '{}'", item.type), graph.shape(target), graph.shape(lowered.output));
  const bool indices = loss.function->target == LossFunction::Target::class_index;
  const Pair pair = indices ? fit.class_indices() : fit.same_shape();

  const bool fused = model.cross_entropy == CrossEntropyPath::fused && loss.function->from_logits != nullptr &&
                     lowered.logits && output_activation(lowered, model) == loss.function->fuses_with;
  const bool from_logits = fused || loss.from_logits;
  if (from_logits && loss.function->from_logits == nullptr) {
    fail(ErrorKind::unsupported, "loss '{}' cannot be computed from logits", item.type);
  }
  const ValueId prediction = ops::reshape(graph, fused ? lowered.logits : lowered.output, pair.prediction);
  return ops::row_loss(graph, ops::reshape(graph, target, pair.target), prediction,
                       from_logits ? *loss.function->from_logits : loss.function->row, row_parameters(loss));
}

// Keras 2.2 and 2.3 sum the activity penalty over the batch; later ones divide it by the batch size.
ValueId activity_loss(Graph& graph, const LoweredLayer& layer, KerasVersion version) {
  const Penalty factors = penalty(layer.activity_regularizer);
  const bool sums = version.major == 2 && version.minor <= 3;
  const double divisor = sums ? 1.0 : static_cast<double>(graph.shape(layer.output)[0]);
  return ops::penalty(graph, layer.output, factors.l1 / divisor, factors.l2 / divisor);
}

void add_penalties(Lowered& lowered, const Model& model, std::vector<ValueId>& terms) {
  Graph& graph = lowered.graph;
  for (const ParameterInfo& parameter : lowered.parameters) {
    if (!parameter.trainable || parameter.regularizer.type.empty()) continue;
    const Graph::Scope scope(graph, parameter.layer);
    const Penalty factors = penalty(parameter.regularizer);
    terms.push_back(ops::penalty(graph, graph.parameter(parameter.name, parameter.shape), factors.l1, factors.l2));
  }
  for (const LoweredLayer& layer : lowered.layers) {
    if (layer.activity_regularizer.type.empty()) continue;
    const Graph::Scope scope(graph, layer.name);
    terms.push_back(activity_loss(graph, layer, model.keras));
  }
}

// Keras names every function of class indices so.
bool takes_class_indices(std::string_view id) {
  return id.starts_with("sparse_");
}

void add_metrics(Lowered& lowered, const Model& model, ValueId target) {
  Graph& graph = lowered.graph;
  const CompileSettings& compile = settings(model);
  const std::vector<std::string> names = metric_names(model);
  const Shape output = graph.shape(lowered.output);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const MetricChoice metric =
        choose_metric(compile.metrics[i], graph.shape(target), output, compile.loss, model.keras.major);
    const TargetFit fit(fmt::format("metric '{}' ({})", names[i], metric.id), graph.shape(target), output);
    const Pair pair = takes_class_indices(metric.id) ? fit.class_indices() : fit.same_shape();
    const ValueId fitted = ops::reshape(graph, target, pair.target);
    const ValueId prediction = ops::reshape(graph, lowered.output, pair.prediction);
    graph.output("metric/" + names[i],
                 ops::row_metric(graph, fitted, prediction, *metric.row, metric.parameters, metric.root));
  }
}

}  // namespace

ValueId add_loss(Lowered& lowered, const Model& model, const Shape& target_shape) {
  Graph& graph = lowered.graph;
  const std::int64_t batch = graph.shape(lowered.input)[0];
  if (target_shape.rank() == 0 || target_shape[0] != batch) {
    fail(ErrorKind::input, "the target has shape {}, but the input has {} samples", to_string(target_shape), batch);
  }
  const ValueId target = graph.input("y", target_shape);
  std::vector<ValueId> terms;
  {
    const Graph::Scope scope(graph, "loss");
    terms.push_back(data_loss(lowered, model, target));
  }
  add_penalties(lowered, model, terms);
  const ValueId loss = ops::add_n(graph, std::move(terms));
  graph.output("loss", loss);
  add_metrics(lowered, model, target);
  return loss;
}

std::vector<std::string> metric_names(const Model& model) {
  std::vector<std::string> names;
  if (!model.compile) return names;
  std::set<std::string> used;
  for (const Item& metric : model.compile->metrics) {
    const auto given = metric.config.find("name");
    const bool named = given != metric.config.end() && given->is_string();
    const std::string stem = named ? given->get<std::string>() : metric.type;
    std::string name = stem;
    for (int i = 1; !used.insert(name).second; ++i) name = fmt::format("{}_{}", stem, i);
    names.push_back(name);
  }
  return names;
}

}  // namespace evenflow
