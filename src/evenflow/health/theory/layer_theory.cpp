#include "evenflow/health/theory/layer_theory.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "evenflow/base/text.h"
#include "evenflow/health/theory/mean_field.h"
#include "evenflow/model/initializer_type.h"

namespace evenflow::theory {
namespace {

// Signals of which only the share kept or the added noise changes.
Passed keep(const LayerView& view) {
  return {.output = view.input(), .to_inputs = {nullptr}};
}

Passed scaled(const LayerView& view, double forward, double backward) {
  return {.output = view.input().scaled(forward),
          .to_inputs = {[backward](const Flow& flow) { return flow.times(backward); }}};
}

Passed pass_dropout(const LayerView& view) {
  const double keep_fraction = 1 - view.config.value("rate", 0.0);
  if (keep_fraction <= 0) {
    view.doubt("drops everything");
    return keep(view);
  }
  // What is dropped differs from sample to sample: E[a a'] stays.
  Passed passed = scaled(view, 1 / keep_fraction, 1 / keep_fraction);
  passed.output.mean = view.input().mean;
  passed.output.correlation = view.input().correlation * keep_fraction;
  return passed;
}

Passed pass_multiplicative_noise(const LayerView& view) {  // GaussianDropout: a standard deviation of sqrt(rate / keep)
  const double rate = view.config.value("rate", 0.0);
  const double factor = 1 + rate / std::max(1 - rate, 1e-9);
  Passed passed = scaled(view, factor, factor);
  passed.output.mean = view.input().mean;
  passed.output.correlation = view.input().correlation / factor;
  return passed;
}

Passed pass_noise(const LayerView& view) {
  const double deviation = view.config.value("stddev", 0.0);
  Passed passed = keep(view);
  const double moment = view.input().moment + deviation * deviation;
  passed.output = view.input().plain();
  passed.output.correlation *= view.input().moment / moment;
  passed.output.moment = moment;
  passed.output.map = {};
  return passed;
}

Passed pass_rescaling(const LayerView& view) {
  if (!view.config.at("scale").is_number() || !view.config.at("offset").is_number()) {
    view.doubt("scales channel by channel: its mean was taken");
    return keep(view);
  }
  const double scale = view.config.at("scale").get<double>();
  const double offset = view.config.at("offset").get<double>();
  Passed passed = scaled(view, scale * scale, scale * scale);
  Signal& out = passed.output;
  const double common = out.correlation * out.moment + 2 * offset * scale * view.input().mean + offset * offset;
  out.moment += 2 * offset * scale * view.input().mean + offset * offset;
  out.correlation = out.moment > 0 ? std::clamp(common / out.moment, 0.0, 1.0) : 1;
  out.mean = scale * view.input().mean + offset;
  if (offset != 0) out.map = {};
  return passed;
}

// Zeros around images, or edges cut off: positions come and go, the values stay.
Passed pass_edges(const LayerView& view) {
  const double before = static_cast<double>(view.input_shapes.front().count());
  const double after = static_cast<double>(view.output_shape.count());
  Passed passed = keep(view);
  passed.output = view.input().plain();
  passed.output.map = {};
  if (after > before) passed.output = passed.output.scaled(before / after);
  const double kept = std::min(1.0, before / after);
  passed.to_inputs = {[kept](const Flow& flow) { return Flow{flow.log10_square}.times(kept); }};
  return passed;
}

// Every value is there several times; gradients of the copies add like strangers'.
Passed pass_repeat(const LayerView& view) {
  Passed passed = keep(view);
  passed.output = view.input().plain();
  passed.output.map = {};
  passed.to_inputs = {[](const Flow& flow) { return Flow{flow.log10_square}; }};
  return passed;
}

Passed pass_shape(const LayerView& view) {
  Passed passed = keep(view);
  // A flat vector has no positions: their mean is what dense layers see. The gradient comes back spread evenly.
  passed.output.map = {};
  passed.to_inputs = {[](const Flow& flow) { return Flow{flow.log10_square}; }};
  return passed;
}

Passed pass_embedding(const LayerView& view) {
  Passed passed;
  passed.output.moment = view.mean_square("embeddings", 1);
  passed.to_inputs = {[](const Flow& flow) { return flow.times(0); }};
  return passed;
}

Passed pass_activation_layer(const LayerView& view) {
  Passed passed{.to_inputs = {nullptr}};
  if (view.layer.activation.row_wise) {
    view.doubt("softmax between layers has no mean-field formula: taken as passing everything on");
    return keep(view);
  }
  passed.pre_activation = view.input().moment;
  activate(view, view.layer.activation, view.input(), passed);
  // What an activation layer does belongs to its way back to the input.
  passed.to_inputs = {passed.through_activation};
  passed.through_activation = nullptr;
  return passed;
}

using Rule = Passed (*)(const LayerView&);

const std::map<std::string_view, Rule>& rules() {
  static const std::map<std::string_view, Rule> rules = {
      {"Dense", pass_dense},
      {"EinsumDense", pass_dense},
      {"Conv1D", pass_convolution},
      {"Conv2D", pass_convolution},
      {"Conv3D", pass_convolution},
      {"Conv1DTranspose", pass_convolution},
      {"Conv2DTranspose", pass_convolution},
      {"DepthwiseConv1D", pass_convolution},
      {"DepthwiseConv2D", pass_convolution},
      {"SimpleRNN", pass_recurrent},
      {"LSTM", pass_recurrent},
      {"GRU", pass_recurrent},
      {"MaxPooling1D", pass_pooling},
      {"MaxPooling2D", pass_pooling},
      {"AveragePooling1D", pass_pooling},
      {"AveragePooling2D", pass_pooling},
      {"GlobalAveragePooling1D", pass_pooling},
      {"GlobalAveragePooling2D", pass_pooling},
      {"GlobalMaxPooling1D", pass_pooling},
      {"GlobalMaxPooling2D", pass_pooling},
      {"BatchNormalization", pass_normalization},
      {"LayerNormalization", pass_normalization},
      {"RMSNormalization", pass_normalization},
      {"GroupNormalization", pass_normalization},
      {"UnitNormalization", pass_normalization},
      {"Add", pass_join},
      {"Subtract", pass_join},
      {"Average", pass_join},
      {"Multiply", pass_join},
      {"Maximum", pass_join},
      {"Minimum", pass_join},
      {"Concatenate", pass_join},
      {"Dropout", pass_dropout},
      {"SpatialDropout1D", pass_dropout},
      {"SpatialDropout2D", pass_dropout},
      {"GaussianDropout", pass_multiplicative_noise},
      {"AlphaDropout", keep},
      {"GaussianNoise", pass_noise},
      {"Rescaling", pass_rescaling},
      {"ZeroPadding1D", pass_edges},
      {"ZeroPadding2D", pass_edges},
      {"Cropping1D", pass_edges},
      {"Cropping2D", pass_edges},
      {"UpSampling1D", pass_repeat},
      {"UpSampling2D", pass_repeat},
      {"RepeatVector", pass_repeat},
      {"Flatten", pass_shape},
      {"Reshape", pass_shape},
      {"Permute", pass_shape},
      {"Identity", keep},
      {"Masking", keep},
      {"ActivityRegularization", keep},
      {"Embedding", pass_embedding},
  };
  return rules;
}

}  // namespace

double LayerView::mean_square(std::string_view variable, double without) const {
  const ParameterInfo* info = parameter(variable);
  if (info == nullptr) return without;
  if (options.weights != nullptr) {
    const Tensor* tensor = options.weights->find(info->name);
    if (tensor != nullptr && tensor->count() > 0) {
      double squares = 0;
      for (const float value : tensor->values()) squares += static_cast<double>(value) * static_cast<double>(value);
      return squares / static_cast<double>(tensor->count());
    }
  }
  const Item& item = info->initializer;
  if (item.type == "Ones") return 1;
  if (item.type == "Constant") {
    const double value = item.config.value("value", 0.0);
    return value * value;
  }
  return initializer_type(item.type).variance(info->shape, item.config);
}

const ParameterInfo* LayerView::parameter(std::string_view variable) const {
  for (const ParameterInfo& info : owner.parameters) {
    if (info.variable == variable) return &info;
  }
  return nullptr;
}

bool LayerView::orthogonal(std::string_view variable) const {
  const ParameterInfo* info = parameter(variable);
  return info != nullptr && info->initializer.type == "Orthogonal";
}

void LayerView::doubt(std::string_view what) const {
  doubts.push_back(fmt::format("{}: {}", layer.name, what));
}

void activate(const LayerView& view, const ActivationChoice& activation, const Signal& z, Passed& passed) {
  Signal& out = passed.output;
  out = z.plain();
  if (activation.row_wise || activation.function == nullptr || activation.function->id == "linear") return;
  if (z.mean * z.mean > 0.05 * z.moment) view.doubt("its activation gets values that are not centred");
  const Moments m = moments(activation, z.moment);
  out.moment = m.mean_square;
  out.mean = m.mean;
  out.correlation = next_correlation(activation, z.moment, z.correlation);
  out.activation = activation;
  out.q = z.moment;
  passed.kurtosis = m.kurtosis();
  if (z.normalized) {
    // Section 2.5: samples of different length grow apart where V'(1) / V(1) > 1.
    const auto variance = [&](double q) {
      const Moments at = moments(activation, q);
      return at.mean_square - 2 * m.mean * at.mean + m.mean * m.mean;
    };
    const double h = 1e-3 * z.moment;
    const double slope = z.moment * (variance(z.moment + h) - variance(z.moment - h)) / (2 * h) / variance(z.moment);
    if (slope > 1.01) {
      view.doubt(
          fmt::format("{} behind batch normalization lets samples of different size grow apart, and gradients "
                      "grow faster than predicted",
                      activation.name));
    }
  }
  if (z.map.empty()) {
    const double slope = m.mean_square_slope;
    passed.through_activation = [slope](const Flow& flow) { return flow.times(slope); };
    return;
  }
  const auto [smallest, largest] = std::minmax_element(z.map.values.begin(), z.map.values.end());
  const MomentCurve curve(activation, std::max(*smallest, 1e-300), std::max(*largest, 1e-300));
  std::vector<double> slopes;
  for (double& value : out.map.values) {
    const double q = std::max(value, 1e-300);
    value = curve.mean_square(q);
    slopes.push_back(curve.mean_square_slope(q));
  }
  out.moment = out.map.mean();
  passed.through_activation = [slopes](const Flow& flow) {
    Flow result = flow;
    const double even = 1 / static_cast<double>(slopes.size());
    if (result.spread.values.size() != slopes.size()) result.spread.values.assign(slopes.size(), even);
    double total = 0;
    for (std::size_t i = 0; i < slopes.size(); ++i) total += result.spread.values[i] *= slopes[i];
    for (double& share : result.spread.values) share /= total;
    return result.times(total);
  };
}

Passed pass(const LayerView& view) {
  if (view.inputs.empty()) {
    Passed passed;
    passed.output.moment = view.options.input_moment;
    passed.output.correlation = view.options.input_correlation;
    return passed;
  }
  const auto rule = rules().find(view.layer.type);
  if (rule != rules().end()) return rule->second(view);
  const bool only_activation = view.layer.activation.function != nullptr || view.layer.activation.row_wise;
  if (only_activation && view.inputs.size() == 1) return pass_activation_layer(view);
  view.doubt(fmt::format("theory has no formula for {}: taken as passing everything on", view.layer.type));
  Passed passed{.output = view.input().plain()};
  passed.to_inputs.assign(view.inputs.size(), [](const Flow& flow) { return Flow{flow.log10_square}; });
  return passed;
}

}  // namespace evenflow::theory
