// The members of Trace and Finding by name, in one place for writing, reading and comparing.
#pragma once

#include <concepts>
#include <type_traits>

#include "evenflow/health.h"

namespace evenflow {

template <class T, class Visit>
void visit_fields(T& measured, const Visit& visit) requires std::same_as<std::remove_const_t<T>, Measured> {
  visit("mean", measured.mean);
  visit("deviation", measured.deviation);
}

template <class T, class Visit>
void visit_fields(T& layer, const Visit& visit) requires std::same_as<std::remove_const_t<T>, LayerTrace> {
  visit("name", layer.name);
  visit("type", layer.type);
  visit("activation", layer.activation);
  visit("initializer", layer.initializer);
  visit("units", layer.units);
  visit("parameters", layer.parameters);
  visit("trainable", layer.trainable);
  visit("second_moment", layer.second_moment);
  visit("variance_fraction", layer.variance_fraction);
  visit("mean_slope", layer.mean_slope);
  visit("mean_square_slope", layer.mean_square_slope);
  visit("saturated", layer.saturated);
  visit("dead", layer.dead);
  visit("backward_norm", layer.backward_norm);
  visit("pre_activation_norm", layer.pre_activation_norm);
  visit("weight_gradient_norm", layer.weight_gradient_norm);
  visit("weight_gradient_rms", layer.weight_gradient_rms);
  visit("weight_norm", layer.weight_norm);
  visit("update_ratio", layer.update_ratio);
  visit("slope_decades", layer.slope_decades);
  visit("weight_decades", layer.weight_decades);
  visit("non_finite", layer.non_finite);
  visit("weight_gain", layer.weight_gain);
  visit("drawn_gain", layer.drawn_gain);
  visit("alike_units", layer.alike_units);
  visit("predicted_decades", layer.predicted_decades);
  visit("predicted_deviation", layer.predicted_deviation);
  visit("expected_saturated", layer.expected_saturated);
  visit("expected_dead", layer.expected_dead);
}

template <class T, class Visit>
void visit_fields(T& facts, const Visit& visit) requires std::same_as<std::remove_const_t<T>, DataFacts> {
  visit("minimum", facts.minimum);
  visit("maximum", facts.maximum);
  visit("mean", facts.mean);
  visit("root_mean_square", facts.root_mean_square);
  visit("smallest_deviation", facts.smallest_deviation);
  visit("largest_deviation", facts.largest_deviation);
  visit("constant_features", facts.constant_features);
  visit("with_targets", facts.with_targets);
  visit("target_minimum", facts.target_minimum);
  visit("target_maximum", facts.target_maximum);
  visit("target_integers", facts.target_integers);
  visit("target_row_sum_minimum", facts.target_row_sum_minimum);
  visit("target_row_sum_maximum", facts.target_row_sum_maximum);
  visit("target_width", facts.target_width);
  visit("non_finite", facts.non_finite);
}

template <class T, class Visit>
void visit_fields(T& trace, const Visit& visit) requires std::same_as<std::remove_const_t<T>, Trace> {
  visit("model", trace.model);
  visit("protocol", trace.protocol);
  visit("data", trace.data);
  visit("loss", trace.loss);
  visit("from_logits", trace.from_logits);
  visit("optimizer", trace.optimizer);
  visit("learning_rate", trace.learning_rate);
  visit("adaptive", trace.adaptive);
  visit("epsilon", trace.epsilon);
  visit("samples", trace.samples);
  visit("batch_size", trace.batch_size);
  visit("batches", trace.batches);
  visit("redraws", trace.redraws);
  visit("seed", trace.seed);
  visit("loss_value", trace.loss_value);
  visit("layers", trace.layers);
  visit("chain", trace.chain);
  visit("path", trace.path);
  visit("dead_redraws", trace.dead_redraws);
  visit("total_decades", trace.total_decades);
  visit("decades_per_layer", trace.decades_per_layer);
  visit("expected_deviation", trace.expected_deviation);
  visit("predicted_decades", trace.predicted_decades);
  visit("predicted_deviation", trace.predicted_deviation);
  visit("doubts", trace.doubts);
  visit("data_facts", trace.data_facts);
}

template <class T, class Visit>
void visit_fields(T& number, const Visit& visit) requires std::same_as<std::remove_const_t<T>, Finding::Number> {
  visit("name", number.name);
  visit("value", number.value);
  visit("unit", number.unit);
}

template <class T, class Visit>
void visit_fields(T& cause, const Visit& visit) requires std::same_as<std::remove_const_t<T>, Finding::Cause> {
  visit("factor", cause.factor);
  visit("decades", cause.decades);
  visit("explanation", cause.explanation);
}

template <class T, class Visit>
void visit_fields(T& onset, const Visit& visit) requires std::same_as<std::remove_const_t<T>, Finding::Onset> {
  visit("layer", onset.layer);
  visit("step", onset.step);
}

template <class T, class Visit>
void visit_fields(T& finding, const Visit& visit) requires std::same_as<std::remove_const_t<T>, Finding> {
  visit("rule", finding.rule);
  visit("severity", finding.severity);
  visit("layers", finding.layers);
  visit("onset", finding.onset);
  visit("evidence", finding.evidence);
  visit("cause", finding.cause);
  visit("experiment", finding.experiment);
  visit("message", finding.message);
  visit("advice", finding.advice);
  visit("learn", finding.learn);
}

}  // namespace evenflow
