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
  if (!model.compile || !model.compile->has_loss()) {
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

std::int64_t row_count_of(const Shape& shape) {
  return shape.count(0, shape.rank() - 1);
}

// What is asked of one output, and what it is compared with.
struct Judged {
  const Lowered::Output& output;
  OutputSettings settings;
  ValueId target;
  ValueId sample_weight;  // absent without
};

// What the rows' values are multiplied with, and the factor of their mean: Keras 3's reductions.
struct Reduction {
  std::vector<ValueId> weights;
  double factor = 1;
};

Reduction reduction(Graph& graph, const Judged& judged, const Shape& prediction) {
  const std::string kind = judged.settings.loss.config.value("reduction", std::string("sum_over_batch_size"));
  const ValueId mask = judged.output.mask;
  Reduction result;
  if (kind == "mean_with_sample_weight") {  // by the sum of the weights, not by their number
    if (judged.sample_weight && mask) {
      fail(ErrorKind::unsupported, "loss '{}': the reduction mean_with_sample_weight of masked samples with weights",
           judged.settings.loss.type);
    }
    const ValueId weight = judged.sample_weight ? judged.sample_weight : mask;
    if (weight) result.weights.push_back(ops::mask_weights(graph, weight));
    return result;
  }
  if (judged.sample_weight) result.weights.push_back(judged.sample_weight);
  if (kind == "sum") {
    result.factor = static_cast<double>(row_count_of(prediction));
    if (mask) result.weights.push_back(mask);
  } else if (mask) {
    result.weights.push_back(ops::mask_weights(graph, mask));
  }
  return result;
}

ValueId data_loss(Graph& graph, const Judged& judged, CrossEntropyPath path) {
  const Lowered::Output& output = judged.output;
  const Item& item = judged.settings.loss;
  const LossChoice loss = chosen_loss(item);
  const TargetFit fit(fmt::format("loss '{}'", item.type), graph.shape(judged.target), graph.shape(output.value));
  const bool indices = loss.function->target == LossFunction::Target::class_index;
  const Pair pair = indices ? fit.class_indices() : fit.same_shape();

  const bool fused = path == CrossEntropyPath::fused && loss.function->from_logits != nullptr && output.logits &&
                     output.activation == loss.function->fuses_with;
  const bool from_logits = fused || loss.from_logits;
  if (from_logits && loss.function->from_logits == nullptr) {
    fail(ErrorKind::unsupported, "loss '{}' cannot be computed from logits", item.type);
  }
  const ValueId prediction = ops::reshape(graph, fused ? output.logits : output.value, pair.prediction);
  const Reduction reduced = reduction(graph, judged, pair.prediction);
  const ValueId mean = ops::row_loss(graph, ops::reshape(graph, judged.target, pair.target), prediction,
                                     from_logits ? *loss.function->from_logits : loss.function->row,
                                     row_parameters(loss), reduced.weights);
  return ops::scale(graph, mean, static_cast<float>(reduced.factor));
}

// Keras 2.2 and 2.3 sum the activity penalty over the batch; later ones divide it by the batch size.
ValueId activity_loss(Graph& graph, const LoweredLayer& layer, KerasVersion version) {
  const bool sums = version.major == 2 && version.minor <= 3;
  const double divisor = sums ? 1.0 : static_cast<double>(graph.shape(layer.output)[0]);
  return penalty(graph, layer.output, layer.activity_regularizer, divisor);
}

void add_penalties(Lowered& lowered, const Model& model, std::vector<ValueId>& terms) {
  Graph& graph = lowered.graph;
  for (const ParameterInfo& parameter : lowered.parameters) {
    if (!parameter.trainable || parameter.regularizer.type.empty()) continue;
    const Graph::Scope scope(graph, parameter.layer);
    terms.push_back(penalty(graph, graph.parameter(parameter.name, parameter.shape), parameter.regularizer));
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

void add_metric(Graph& graph, const Judged& judged, const LoggedValue& logged, int keras_major) {
  const Shape target = graph.shape(judged.target);
  const Shape output = graph.shape(judged.output.value);
  const MetricChoice metric = choose_metric(logged.metric, target, output, judged.settings.loss, keras_major);
  const TargetFit fit(fmt::format("metric '{}' ({})", logged.name, metric.id), target, output);
  const Pair pair = takes_class_indices(metric.id) ? fit.class_indices() : fit.same_shape();
  const ValueId fitted = ops::reshape(graph, judged.target, pair.target);
  const ValueId prediction = ops::reshape(graph, judged.output.value, pair.prediction);
  // Sample weights are for the loss alone; a mask is for both (Keras 3's MeanMetricWrapper).
  std::vector<ValueId> weights;
  if (judged.output.mask) weights.push_back(ops::mask_weights(graph, judged.output.mask));
  graph.output("metric/" + logged.name, ops::row_metric(graph, fitted, prediction, *metric.row, metric.parameters,
                                                        metric.root, std::move(weights)));
}

// A mask that covers the axes of the output's rows; Keras ignores others.
bool masks_rows(const Graph& graph, const Lowered::Output& output) {
  if (!output.mask) return false;
  const Shape mask = graph.shape(output.mask);
  const Shape value = graph.shape(output.value);
  return mask.rank() < value.rank() && mask == value.slice(0, mask.rank());
}

std::vector<Judged> judge(Lowered& lowered, const Model& model, const LossOptions& options) {
  Graph& graph = lowered.graph;
  const CompileSettings& compile = settings(model);
  if (options.targets.size() != lowered.outputs.size()) {
    fail(ErrorKind::input, "the model has {} outputs, but there are {} targets", lowered.outputs.size(),
         options.targets.size());
  }
  if (!compile.outputs.empty() && compile.outputs.size() != lowered.outputs.size()) {
    fail(ErrorKind::input, "the model has {} outputs, but is compiled with losses for {}", lowered.outputs.size(),
         compile.outputs.size());
  }
  std::vector<Judged> all;
  for (std::size_t i = 0; i < lowered.outputs.size(); ++i) {
    Lowered::Output& output = lowered.outputs[i];
    if (!masks_rows(graph, output)) output.mask = {};
    const Shape& shape = options.targets[i];
    const std::int64_t batch = graph.shape(output.value)[0];
    if (shape.rank() == 0 || shape[0] != batch) {
      fail(ErrorKind::input, "the target has shape {}, but the input has {} samples", to_string(shape), batch);
    }
    Judged& judged = all.emplace_back(Judged{.output = output,
                                             .settings = compile.of_output(i),
                                             .target = graph.input(target_name(i), shape),
                                             .sample_weight = {}});
    if (options.sample_weights) judged.sample_weight = graph.input(sample_weight_name(i), Shape{batch});
  }
  return all;
}

}  // namespace

ValueId add_loss(Lowered& lowered, const Model& model, const LossOptions& options) {
  Graph& graph = lowered.graph;
  const std::vector<Judged> judged = judge(lowered, model, options);
  const std::vector<LoggedValue> logged = logged_values(model);
  const auto name_of_loss = [&](std::size_t output) -> const std::string* {
    for (const LoggedValue& value : logged) {
      if (value.output == output && value.metric.type.empty()) return &value.name;
    }
    return nullptr;
  };
  std::vector<ValueId> terms;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    if (judged[i].settings.loss.type.empty()) continue;
    const Graph::Scope scope(graph, "loss");
    const ValueId loss = data_loss(graph, judged[i], model.cross_entropy);
    if (const std::string* name = name_of_loss(i)) graph.output("metric/" + *name, loss);
    const double weight = judged[i].settings.weight;
    terms.push_back(weight == 1.0 ? loss : ops::scale(graph, loss, static_cast<float>(weight)));
  }
  add_penalties(lowered, model, terms);
  const ValueId loss = ops::add_n(graph, std::move(terms));
  graph.output("loss", loss);
  for (const LoggedValue& value : logged) {
    if (!value.metric.type.empty()) add_metric(graph, judged[value.output], value, model.keras.major);
  }
  return loss;
}

std::vector<LoggedValue> logged_values(const Model& model) {
  std::vector<LoggedValue> values;
  if (!model.compile) return values;
  const bool several = model.outputs.size() > 1;
  std::set<std::string> used;
  const auto add = [&](const std::string& stem, Item metric, std::size_t output) {
    std::string name = stem;
    for (int i = 1; !used.insert(name).second; ++i) name = fmt::format("{}_{}", stem, i);
    values.push_back({.name = std::move(name), .metric = std::move(metric), .output = output});
  };
  for (std::size_t i = 0; several && i < model.outputs.size(); ++i) {
    if (!model.compile->of_output(i).loss.type.empty()) add(model.outputs[i].layer + "_loss", Item{}, i);
  }
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    for (const Item& metric : model.compile->of_output(i).metrics) {
      const auto given = metric.config.find("name");
      const bool named = given != metric.config.end() && given->is_string();
      const std::string stem = named ? given->get<std::string>() : metric.type;
      add(several ? fmt::format("{}_{}", model.outputs[i].layer, stem) : stem, metric, i);
    }
  }
  return values;
}

}  // namespace evenflow
