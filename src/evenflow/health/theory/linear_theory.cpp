// Dense layers and convolutions: the squared norm of the gradient is multiplied by fan-in times E[w^2] (spec/theory,
// sections 1.6 and 2.1). Zero padding takes taps away at the borders.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/theory/layer_theory.h"
#include "evenflow/health/theory/mean_field.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::theory {
namespace {

// Where no padding is needed, the number of positions is all that counts.
struct Axis {
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
};

std::int64_t number_at(const Json& given, std::size_t i) {
  return given.is_array() ? given[std::min(i, given.size() - 1)].get<std::int64_t>() : given.get<std::int64_t>();
}

// The last two spatial axes; a sequence has height 1. Empty for other ranks.
std::vector<Axis> axes(const LayerView& view) {
  const Shape& in = view.input_shapes.front();
  const Shape& out = view.output_shape;
  const auto spatial = static_cast<std::size_t>(in.rank() - 2);
  if (in.rank() != out.rank() || spatial < 1 || spatial > 2) return {};
  std::vector<Axis> axes(2);
  const std::string padding = view.config.value("padding", "valid");
  for (std::size_t i = 0; i < spatial; ++i) {
    Axis& axis = axes[2 - spatial + i];
    const int at = static_cast<int>(i) + 1;
    axis.in = in[at];
    axis.out = out[at];
    axis.kernel = number_at(view.config.at("kernel_size"), i);
    axis.stride = number_at(view.config.at("strides"), i);
    axis.dilation = number_at(view.config.value("dilation_rate", Json(1)), i);
    axis.before = padding == "causal" ? axis.dilation * (axis.kernel - 1)
                                      : keras_padding(padding, axis.in, axis.kernel, axis.stride, axis.dilation).before;
  }
  return axes;
}

// Averages over an axis: position `out` reads `in` where the tap does not lie in the padding. Transposed: back.
void average(const Axis& axis, std::int64_t other, bool along_width, bool transposed, const std::vector<double>& from,
             std::vector<double>& to) {
  const std::int64_t from_extent = transposed ? axis.out : axis.in;
  const std::int64_t to_extent = transposed ? axis.in : axis.out;
  to.assign(static_cast<std::size_t>(to_extent * other), 0.0);
  const double share = 1 / static_cast<double>(axis.kernel);
  const auto index = [&](std::int64_t extent, std::int64_t position, std::int64_t line) {
    return static_cast<std::size_t>(along_width ? line * extent + position : position * other + line);
  };
  for (std::int64_t out = 0; out < axis.out; ++out) {
    for (std::int64_t tap = 0; tap < axis.kernel; ++tap) {
      const std::int64_t in = out * axis.stride + tap * axis.dilation - axis.before;
      if (in < 0 || in >= axis.in) continue;
      for (std::int64_t line = 0; line < other; ++line) {
        const std::size_t source = index(from_extent, transposed ? out : in, line);
        const std::size_t target = index(to_extent, transposed ? in : out, line);
        to[target] += share * from[source];
      }
    }
  }
}

std::vector<double> forward_map(const std::vector<Axis>& a, const std::vector<double>& in) {
  std::vector<double> half;
  std::vector<double> result;
  average(a[1], a[0].in, true, false, in, half);
  average(a[0], a[1].out, false, false, half, result);
  return result;
}

std::vector<double> backward_map(const std::vector<Axis>& a, const std::vector<double>& out) {
  std::vector<double> half;
  std::vector<double> result;
  average(a[0], a[1].out, false, true, out, half);
  average(a[1], a[0].in, true, true, half, result);
  return result;
}

Signal through_weights(const LayerView& view, double gain, double bias) {
  const Signal& in = view.input();
  Signal z;
  z.moment = gain * in.moment + bias;
  z.correlation = z.moment > 0 ? (gain * in.correlation * in.moment + bias) / z.moment : 1;
  return z;
}

// Section 1.14: where d q'/d q > 1, the length of the signal is unstable and finite width decides what happens.
void doubt_length(const LayerView& view, double gain) {
  const Signal& in = view.input();
  if (!in.activation || homogeneous(*in.activation)) return;
  const double slope = gain * length_slope(*in.activation, in.q);
  if (slope > 1.001) {
    view.doubt(fmt::format("the length of {}'s signal is unstable here (length slope {:.3f} > 1)", in.activation->name,
                           slope));
  }
}

void doubt_scale(const LayerView& view, double q) {
  if (q > 1e6 || q < 1e-12)
    view.doubt(fmt::format("pre-activations of size {:.1e}: far from any design", std::sqrt(q)));
}

}  // namespace

Passed pass_dense(const LayerView& view) {
  Passed passed;
  const ParameterInfo* kernel = view.parameter("kernel");
  const double fan_in = kernel == nullptr ? 1
                                          : static_cast<double>(kernel->shape.count()) /
                                                static_cast<double>(kernel->shape[kernel->shape.rank() - 1]);
  passed.gain = fan_in * view.mean_square("kernel", 1 / fan_in);
  passed.orthogonal = view.orthogonal("kernel");
  passed.effective_units = static_cast<double>(view.output_shape.back());
  const Signal z = through_weights(view, passed.gain, view.mean_square("bias", 0));
  passed.pre_activation = z.moment;
  doubt_length(view, passed.gain);
  doubt_scale(view, z.moment);
  activate(view, view.layer.activation, z, passed);
  const double gain = passed.gain;
  passed.to_inputs = {[gain](const Flow& flow) { return Flow{flow.log10_square}.times(gain); }};
  return passed;
}

Passed pass_convolution(const LayerView& view) {
  Passed passed;
  const bool depthwise = view.layer.type.starts_with("Depthwise");
  const bool transposed = view.layer.type.ends_with("Transpose");
  const std::string_view variable = depthwise && view.parameter("kernel") == nullptr ? "depthwise_kernel" : "kernel";
  const ParameterInfo* kernel = view.parameter(variable);
  if (kernel == nullptr) return {.output = view.input().plain(), .to_inputs = {nullptr}};
  const Shape& shape = kernel->shape;
  double taps = 1;
  for (int i = 0; i + 2 < shape.rank(); ++i) taps *= static_cast<double>(shape[i]);
  double fan_in = depthwise ? taps : taps * static_cast<double>(shape[shape.rank() - (transposed ? 1 : 2)]);
  if (transposed) {
    // Each output meets k / stride taps of an axis on average.
    for (int i = 0; i + 2 < shape.rank(); ++i) {
      fan_in /= static_cast<double>(number_at(view.config.at("strides"), static_cast<std::size_t>(i)));
    }
  }
  passed.gain = fan_in * view.mean_square(variable, 1 / fan_in);
  passed.orthogonal = false;
  const double positions = static_cast<double>(view.output_shape.count()) /
                           static_cast<double>(view.output_shape[0] * view.output_shape.back());
  passed.effective_units = static_cast<double>(view.output_shape.back()) * std::max(1.0, positions / taps);
  const double bias = view.mean_square("bias", 0);
  Signal z = through_weights(view, passed.gain, bias);
  const std::vector<Axis> a = transposed ? std::vector<Axis>{} : axes(view);
  const auto padded = [](const Axis& axis) {
    return axis.before > 0 || (axis.out - 1) * axis.stride + (axis.kernel - 1) * axis.dilation - axis.before >= axis.in;
  };
  const bool with_map = !a.empty() && (padded(a[0]) || padded(a[1]) || !view.input().map.empty());
  if (with_map) {
    const std::size_t count = static_cast<std::size_t>(a[0].in * a[1].in);
    std::vector<double> in = view.input().map.values;
    if (in.size() != count) in.assign(count, view.input().moment);
    z.map = {a[0].out, a[1].out, forward_map(a, in)};
    for (double& value : z.map.values) value = passed.gain * value + bias;
    const double before = z.moment;
    z.moment = z.map.mean();
    if (bias == 0 || before == z.moment) z.correlation = view.input().correlation;
  }
  passed.pre_activation = z.moment;
  doubt_length(view, passed.gain);
  doubt_scale(view, z.moment);
  activate(view, view.layer.activation, z, passed);
  const double gain = passed.gain;
  if (!with_map) {
    passed.to_inputs = {[gain](const Flow& flow) { return Flow{flow.log10_square}.times(gain); }};
    return passed;
  }
  passed.to_inputs = {[gain, a](const Flow& flow) {
    const std::size_t count = static_cast<std::size_t>(a[0].out * a[1].out);
    std::vector<double> share = flow.spread.values;
    if (share.size() != count) share.assign(count, 1 / static_cast<double>(count));
    Flow result{.log10_square = flow.log10_square, .spread = {a[0].in, a[1].in, backward_map(a, share)}};
    double total = 0;
    for (const double value : result.spread.values) total += value;
    if (!(total > 0)) return Flow{.log10_square = kNoFlow};
    for (double& value : result.spread.values) value /= total;
    return result.times(gain * total);
  }};
  return passed;
}

}  // namespace evenflow::theory
