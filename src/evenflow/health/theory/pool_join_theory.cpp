// Pooling and layers that join tensors (spec/theory, sections 2.0, 2.2 and 2.4).
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/health/theory/layer_theory.h"
#include "evenflow/health/theory/quadrature.h"

namespace evenflow::theory {
namespace {

double per_channel(const Shape& shape) {
  return static_cast<double>(shape.count()) / static_cast<double>(shape[0] * shape.back());
}

double window(const LayerView& view) {
  if (view.layer.type.starts_with("Global")) return per_channel(view.input_shapes.front());
  const Json& size = view.config.at("pool_size");
  if (!size.is_array()) {
    return std::pow(size.get<double>(), view.input_shapes.front().rank() - 2);
  }
  double taps = 1;
  for (const Json& extent : size) taps *= extent.get<double>();
  return taps;
}

// First and second moment of f(max of k independent N(0, q)), for a rising f.
std::pair<double, double> moments_of_maximum(const Signal& in, double k) {
  const double q = in.activation ? in.q : in.moment;
  double mean = 0;
  double square = 0;
  const std::span<const double> kinks =
      in.activation ? std::span<const double>(in.activation->function->kinks) : std::span<const double>();
  for (const Node& node : gaussian_nodes(q, kinks)) {
    const double below = 0.5 * std::erfc(-node.z / std::sqrt(2 * q));
    const double weight = node.weight * k * std::pow(below, k - 1);
    const double y = in.activation ? in.activation->function->f(node.z, in.activation->parameters) : node.z;
    mean += weight * y;
    square += weight * y * y;
  }
  return {mean, square};
}

Signal even(const Signal& in) {
  Signal out = in.plain();
  out.map = {};
  return out;
}

}  // namespace

Passed pass_pooling(const LayerView& view) {
  const Signal& in = view.input();
  const double taps = std::max(1.0, window(view));
  Passed passed{.output = even(in)};
  const bool maximum = view.layer.type.find("Max") != std::string::npos;
  double factor = 1;
  if (maximum) {
    const auto [mean, square] = moments_of_maximum(in, taps);
    // Samples share of the maximum what they shared before: an estimate.
    passed.output.moment = square;
    passed.output.mean = mean;
    if (square > 0) passed.output.correlation = std::clamp(std::max(in.correlation, mean * mean / square), 0.0, 1.0);
  } else {
    const double shared = in.mean * in.mean;  // of two positions
    passed.output.moment = in.moment / taps + (1 - 1 / taps) * shared;
    const double common = in.correlation * in.moment / taps + (1 - 1 / taps) * shared;
    passed.output.correlation = passed.output.moment > 0 ? std::clamp(common / passed.output.moment, 0.0, 1.0) : 1;
    factor = 1 / taps;
  }
  view.doubt("the positions of a window are taken as independent, while feature maps are smooth");
  passed.to_inputs = {[factor](const Flow& flow) { return Flow{flow.log10_square}.times(factor); }};
  return passed;
}

Passed pass_join(const LayerView& view) {
  const std::string& type = view.layer.type;
  const auto count = static_cast<double>(view.inputs.size());
  Passed passed;
  Signal& out = passed.output;
  out = view.input().plain();
  if (type == "Concatenate") {
    double elements = 0;
    double common = 0;
    out.moment = out.mean = 0;
    out.map = {};
    for (std::size_t i = 0; i < view.inputs.size(); ++i) {
      const auto size = static_cast<double>(view.input_shapes[i].count());
      elements += size;
      out.moment += size * view.inputs[i].moment;
      out.mean += size * view.inputs[i].mean;
      common += size * view.inputs[i].moment * view.inputs[i].correlation;
    }
    out.correlation = out.moment > 0 ? common / out.moment : 0;
    out.moment /= elements;
    out.mean /= elements;
    for (std::size_t i = 0; i < view.inputs.size(); ++i) {
      const double share = static_cast<double>(view.input_shapes[i].count()) / elements;
      passed.to_inputs.push_back([share](const Flow& flow) { return Flow{flow.log10_square}.times(share); });
    }
    return passed;
  }
  if (type == "Multiply") {
    double mean = 1;
    double moment = 1;
    double correlation = 1;
    for (const Signal& signal : view.inputs) {
      mean *= signal.mean;
      moment *= signal.moment;
      correlation *= signal.correlation;
    }
    out.map = {};
    out.mean = mean;
    out.moment = moment;
    out.correlation = correlation;
    for (const Signal& signal : view.inputs) {
      const double others = signal.moment > 0 ? moment / signal.moment : 0;
      passed.to_inputs.push_back([others](const Flow& flow) { return Flow{flow.log10_square}.times(others); });
    }
    return passed;
  }
  if (type == "Maximum" || type == "Minimum") {
    view.doubt("a maximum of several tensors has no simple formula: each way is taken to get its share");
    for (std::size_t i = 0; i < view.inputs.size(); ++i) {
      passed.to_inputs.push_back([count](const Flow& flow) { return flow.times(1 / count); });
    }
    return passed;
  }
  // Add, Subtract, Average: the branches know nothing of each other but their means.
  const double factor = type == "Average" ? 1 / (count * count) : 1;
  double sum_of_means = 0;
  double squares_of_means = 0;
  double moment = 0;
  double common = 0;
  bool maps = true;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    const Signal& signal = view.inputs[i];
    const double sign = type == "Subtract" && i > 0 ? -1 : 1;
    moment += signal.moment;
    common += signal.moment * signal.correlation;
    sum_of_means += sign * signal.mean;
    squares_of_means += signal.mean * signal.mean;
    maps = maps && signal.map.values.size() == view.input().map.values.size();
  }
  const double across = sum_of_means * sum_of_means - squares_of_means;
  out.moment = std::max(0.0, (moment + across) * factor);
  out.mean = sum_of_means * std::sqrt(factor);
  out.correlation = moment + across > 0 ? std::clamp((common + across) / (moment + across), 0.0, 1.0) : 0;
  if (maps && !out.map.empty()) {
    for (std::size_t p = 0; p < out.map.values.size(); ++p) {
      out.map.values[p] = across;
      for (const Signal& signal : view.inputs) out.map.values[p] += signal.map.values[p];
      out.map.values[p] *= factor;
    }
  } else {
    out.map = {};
  }
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    passed.to_inputs.push_back([factor](const Flow& flow) { return flow.times(factor); });
  }
  return passed;
}

Passed pass_normalization(const LayerView& view) {
  const Signal& in = view.input();
  const std::string& type = view.layer.type;
  const double gamma = view.mean_square("gamma", view.mean_square("scale", 1));
  const double beta = view.mean_square("beta", 0);
  const double epsilon = view.config.value("epsilon", 1e-3);
  double variance = 0;
  double common = 0;  // E[a a'] of what is left
  Passed passed;
  Signal& out = passed.output;
  double finite = 1;
  if (type == "BatchNormalization") {
    variance = in.variance_across_samples();
    const double samples = static_cast<double>(view.options.batch_size) * per_channel(view.input_shapes.front());
    // Section 2.5: a finite batch multiplies the squared gradient.
    if (view.options.batch_size > 0 && samples > 3) finite = (samples - 2) / (samples - 3);
    if (view.options.batch_size > 0 && samples <= 3) {
      view.doubt(fmt::format("normalizes {:.0f} numbers per channel: its output is nearly their signs", samples));
    }
  } else {
    const double mean = type == "RMSNormalization" || type == "UnitNormalization" ? 0 : in.mean;
    variance = in.moment - mean * mean;
    common = in.correlation * in.moment - mean * mean;
  }
  const double factor = gamma / (variance + epsilon);
  if (variance < 10 * epsilon) {
    view.doubt(fmt::format("the variance {:.1e} that it divides by is near its epsilon {:g}", variance, epsilon));
  }
  out.moment = factor * variance + beta;
  out.mean = 0;
  out.correlation = out.moment > 0 ? std::clamp((factor * common + beta) / out.moment, 0.0, 1.0) : 1;
  out.normalized = type == "BatchNormalization";
  // With a map over positions, an average over all of them was taken.
  const double back = factor * finite;
  passed.to_inputs = {[back](const Flow& flow) { return flow.times(back); }};
  return passed;
}

}  // namespace evenflow::theory
