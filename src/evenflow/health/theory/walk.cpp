// Forward through the layers for the signal, back for the gradient (spec/theory, section 1.13).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/chain.h"
#include "evenflow/health/probe_program.h"
#include "evenflow/health/theory/layer_theory.h"
#include "evenflow/health/theory/mean_field.h"
#include "evenflow/model/connections.h"
#include "evenflow/model/layer_type.h"

namespace evenflow {
namespace {

using theory::Flow;
using theory::Passed;
using theory::Signal;

Json complete_config(const Layer& layer) {
  Json config = Json::parse(layer_type(layer.type).defaults);
  config.update(layer.config);
  return config;
}

class Walk {
 public:
  Walk(const Model& model, const FlowOptions& options)
      : model_(flattened(model)),
        options_(options),
        lowered_(lower(model_, {.batch = std::max<std::int64_t>(options.batch_size, 1), .training = true})),
        sources_(connections(model_)) {
    std::vector<char> has_kernel;
    for (const LoweredLayer& layer : lowered_.layers) has_kernel.push_back(kernel_of(layer) != nullptr);
    chain_ = find_chain(model_, has_kernel);
  }

  FlowPrediction predict() {
    forward();
    backward();
    return report();
  }

 private:
  // The call that has the weights: the first of a shared layer.
  const LoweredLayer& owner(std::size_t i) const {
    const std::string& shares = model_.layers[i].shares;
    for (std::size_t k = 0; k < i && !shares.empty(); ++k) {
      if (model_.layers[k].name == shares) return lowered_.layers[k];
    }
    return lowered_.layers[i];
  }

  Shape shape_of(std::size_t layer) const { return lowered_.graph.shape(lowered_.layers[layer].output); }

  void forward() {
    for (std::size_t i = 0; i < model_.layers.size(); ++i) {
      const Json config = complete_config(model_.layers[i]);
      theory::LayerView view{.layer = lowered_.layers[i],
                             .owner = owner(i),
                             .config = config,
                             .output_shape = shape_of(i),
                             .options = options_,
                             .doubts = prediction_.doubts};
      for (const std::size_t source : sources_[i]) {
        view.inputs.push_back(passed_[source].output);
        view.input_shapes.push_back(shape_of(source));
      }
      passed_.push_back(theory::pass(view));
      doubt_weights(i);
    }
  }

  // Fresh weights have the variance that their initializer draws, up to chance.
  void doubt_weights(std::size_t i) {
    const ParameterInfo* kernel = kernel_of(lowered_.layers[i]);
    if (kernel == nullptr || options_.weights == nullptr) return;
    const LoweredLayer& layer = lowered_.layers[i];
    const Json none;
    std::vector<std::string> doubts;
    const FlowOptions initial;
    const theory::LayerView fresh{.layer = layer, .owner = layer, .config = none, .options = initial, .doubts = doubts};
    const theory::LayerView given{
        .layer = layer, .owner = layer, .config = none, .options = options_, .doubts = doubts};
    const double drawn = fresh.mean_square(kernel->variable, 0);
    const double is = given.mean_square(kernel->variable, 0);
    const double chance = 0.01 + 6 * std::sqrt(2 / static_cast<double>(kernel->shape.count()));
    if (drawn > 0 && std::abs(is / drawn - 1) > chance) trained_.push_back(lowered_.layers[i].name);
  }

  void backward() {
    const std::size_t count = model_.layers.size();
    flows_.assign(count, Flow{.log10_square = theory::kNoFlow});
    inner_ = flows_;
    for (std::size_t i = 0; i < count; ++i) {
      if (is_output(i)) flows_[i] = Flow{};
    }
    for (std::size_t i = count; i-- > 0;) {
      const Passed& passed = passed_[i];
      inner_[i] = passed.through_activation && !is_output(i) ? passed.through_activation(flows_[i]) : flows_[i];
      for (std::size_t k = 0; k < sources_[i].size(); ++k) {
        const theory::Back& back = k < passed.to_inputs.size() ? passed.to_inputs[k] : theory::Back();
        Flow& into = flows_[sources_[i][k]];
        into = theory::sum(into, back ? back(inner_[i]) : inner_[i]);
      }
    }
  }

  bool is_output(std::size_t layer) const {
    return std::find(model_.outputs.begin(), model_.outputs.end(), model_.layers[layer].name) != model_.outputs.end();
  }

  double relative(const Flow& flow) const {
    const double reference = chain_.path.empty() ? 0 : inner_[chain_.path.back()].log10_square;
    if (flow.log10_square <= theory::kNoFlow / 2) return kZeroNorm;
    return (flow.log10_square - reference) / 2;
  }

  // Relative variances of the squared norm of the layers behind this one on the chain.
  std::vector<double> variances() const {
    std::vector<double> sums(model_.layers.size(), 0.0);
    double sum = 0;
    double kurtosis = 1;
    for (std::size_t i = chain_.layers.size(); i-- > 0;) {
      const std::size_t layer = chain_.layers[i];
      const Passed& passed = passed_[layer];
      if (passed.kurtosis > kurtosis) kurtosis = passed.kurtosis;
      const bool last = chain_.path.empty() || layer == chain_.path.back();
      if (passed.effective_units > 0 && !last) {
        if (std::isfinite(kurtosis)) {
          sum += theory::relative_variance(kurtosis, passed.effective_units, passed.orthogonal);
        }
      }
      if (passed.effective_units > 0) kurtosis = 1;
      sums[layer] = sum;
    }
    return sums;
  }

  FlowPrediction report() {
    const std::vector<double> sums = variances();
    prediction_.path = chain_.path;
    for (std::size_t i = 0; i < model_.layers.size(); ++i) {
      const Passed& passed = passed_[i];
      FlowPrediction::Layer layer{.name = model_.layers[i].name, .type = model_.layers[i].type};
      layer.pre_activation = passed.pre_activation;
      layer.second_moment = passed.output.moment;
      layer.correlation = passed.output.correlation;
      layer.backward_decades = relative(flows_[i]);
      layer.time = passed.time;
      if (kernel_of(lowered_.layers[i]) != nullptr) {
        layer.gain = passed.gain;
        layer.decades = relative(inner_[i]);
        layer.deviation = theory::deviation_decades(sums[i]);
      }
      if (passed.output.activation) {
        const Signal z = before_activation(i);
        layer.expected_saturated = theory::saturated_fraction(*passed.output.activation, passed.output.q);
        layer.expected_dead =
            theory::dead_fraction(*passed.output.activation, passed.output.q, z.correlation, samples_per_unit(i));
      }
      prediction_.layers.push_back(std::move(layer));
    }
    const auto& path = prediction_.path;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      prediction_.layers[path[i]].factor =
          std::pow(10.0, 2 * (*prediction_.layers[path[i]].decades - *prediction_.layers[path[i + 1]].decades));
    }
    if (!path.empty()) {
      prediction_.total_decades = *prediction_.layers[path.front()].decades;
      prediction_.deviation = prediction_.layers[path.front()].deviation;
    }
    add_doubts();
    return std::move(prediction_);
  }

  // The correlation of the values that the activation of a layer is applied to.
  Signal before_activation(std::size_t i) const {
    Signal z;
    const Passed& passed = passed_[i];
    if (sources_[i].empty()) return z;
    const Signal& in = passed_[sources_[i].front()].output;
    z.correlation = in.correlation;
    if (passed.effective_units > 0 && passed.pre_activation && *passed.pre_activation > 0) {
      const double bias = std::max(0.0, *passed.pre_activation - passed.gain * in.moment);
      z.correlation = (passed.gain * in.correlation * in.moment + bias) / *passed.pre_activation;
    }
    return z;
  }

  double samples_per_unit(std::size_t i) const {
    const Shape shape = shape_of(i);
    return static_cast<double>(shape.count()) / static_cast<double>(shape.back());
  }

  void add_doubts() {
    if (!trained_.empty()) {
      prediction_.doubts.push_back(
          fmt::format("the weights are not as fresh ones are ({}{}): theory takes them as "
                      "independent random numbers",
                      trained_.front(), trained_.size() > 1 ? fmt::format(" and {} more", trained_.size() - 1) : ""));
    }
    if (prediction_.deviation > 1) {
      prediction_.doubts.push_back(fmt::format(
          "the layers are narrow for this depth: chance alone makes {:.1f} decades", prediction_.deviation));
    }
    // The same words for many layers say it once.
    std::vector<std::string> unique;
    std::vector<std::pair<std::string, int>> seen;
    for (const std::string& doubt : prediction_.doubts) {
      const std::size_t colon = doubt.find(": ");
      const std::string words = doubt.substr(colon == std::string::npos ? 0 : colon, 40);
      const auto found = std::find_if(seen.begin(), seen.end(), [&](const auto& s) { return s.first == words; });
      if (found == seen.end()) {
        seen.emplace_back(words, 1);
        unique.push_back(doubt);
      } else {
        ++found->second;
      }
    }
    for (std::size_t i = 0; i < unique.size(); ++i) {
      if (seen[i].second > 1) unique[i] += fmt::format(" (and {} more layers)", seen[i].second - 1);
    }
    prediction_.doubts = std::move(unique);
  }

  const Model model_;
  const FlowOptions& options_;
  Lowered lowered_;
  std::vector<std::vector<std::size_t>> sources_;
  Chain chain_;
  std::vector<Passed> passed_;
  std::vector<Flow> flows_;  // of each layer's output
  std::vector<Flow> inner_;  // of its pre-activation
  std::vector<std::string> trained_;
  FlowPrediction prediction_;
};

}  // namespace

FlowPrediction predict_flow(const Model& model, const FlowOptions& options) {
  return Walk(model, options).predict();
}

}  // namespace evenflow
