// Recurrent layers within a model: time first, then the way back to the layer's input.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/theory/layer_theory.h"
#include "evenflow/health/theory/recurrent.h"

namespace evenflow::theory {
namespace {

// Long sequences have reached their rate long before: what lies behind is continued.
constexpr int kLongest = 400;

// Mean of one gate's bias among `gates` in a row.
double gate_bias(const LayerView& view, std::size_t gate, std::size_t gates) {
  const ParameterInfo* info = view.parameter("bias");
  if (info == nullptr || view.options.weights == nullptr) {
    return view.layer.type == "LSTM" && gate == 1 && view.config.value("unit_forget_bias", true) ? 1 : 0;
  }
  const Tensor* bias = view.options.weights->find(info->name);
  if (bias == nullptr) return 0;
  const auto units = static_cast<std::size_t>(view.owner.parameters.front().shape.back()) / gates;
  double sum = 0;
  for (std::size_t i = 0; i < units; ++i) sum += static_cast<double>(bias->values()[gate * units + i]);
  return sum / static_cast<double>(units);
}

double gain(const LayerView& view, std::string_view variable) {
  const ParameterInfo* info = view.parameter(variable);
  return info == nullptr ? 0 : static_cast<double>(info->shape[0]) * view.mean_square(variable, 0);
}

}  // namespace

Passed pass_recurrent(const LayerView& view) {
  const auto steps = static_cast<int>(std::clamp<std::int64_t>(view.input_shapes.front()[1], 1, kLongest));
  const double input_gain = gain(view, "kernel");
  const Drive drive{.input = input_gain * view.input().moment, .recurrent = gain(view, "recurrent_kernel")};
  const bool rnn = view.layer.type == "SimpleRNN";
  const bool standard = rnn || (view.config.value("activation", Json("tanh")) == "tanh" &&
                                view.config.value("recurrent_activation", Json("sigmoid")) == "sigmoid");
  if (!standard) view.doubt("the formula is for tanh and sigmoid gates");
  TimeFlow flow;
  double slope = 1;
  if (rnn) {
    const ActivationChoice activation = choose_activation(view.config.value("activation", Json("tanh")));
    flow = simple_rnn(activation, drive, steps);
    // From h back to z: the first factor of a step without the recurrent weights.
    slope = std::pow(10.0, 2 * (flow.decades[flow.decades.size() - 2])) / std::max(drive.recurrent, 1e-300);
  } else {
    const bool is_lstm = view.layer.type == "LSTM";
    const double bias = gate_bias(view, is_lstm ? 1 : 0, is_lstm ? 4 : 3);
    flow = is_lstm ? lstm(drive, bias, steps) : gru(drive, bias, steps);
    slope = 0.1;
    if (is_lstm && bias >= 3)
      view.doubt("for a forget bias of 3 and more the formula promises up to 0.8 decades too much");
    view.doubt("how much of the gradient reaches the input of gates is an estimate");
  }
  const bool sequences = view.config.value("return_sequences", false);
  Passed passed;
  passed.gain = input_gain;
  passed.effective_units = static_cast<double>(view.output_shape.back());
  passed.output.moment = flow.state_moments.back();
  passed.output.correlation = view.input().correlation;
  passed.pre_activation = drive.input + drive.recurrent * passed.output.moment;
  const double total = flow.decades.front();
  passed.time = FlowPrediction::Time{.steps = steps, .total_decades = total, .decades_per_step = flow.per_step()};
  // Squared gradients of all steps, for a cotangent on the last one or on each.
  double reached = 0;
  for (std::size_t t = 1; t < flow.decades.size(); ++t) {
    const double share = std::pow(10.0, std::min(2 * flow.decades[t], 300.0));
    reached += sequences ? share / static_cast<double>(steps) * static_cast<double>(t) : share;
  }
  const double back = slope * input_gain * std::max(reached, 1e-300);
  passed.to_inputs = {[back](const Flow& out) { return Flow{out.log10_square}.times(back); }};
  return passed;
}

}  // namespace evenflow::theory
