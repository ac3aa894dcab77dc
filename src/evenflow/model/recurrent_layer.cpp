#include "evenflow/model/recurrent_layer.h"

#include <string>
#include <utility>
#include <vector>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/activation_function.h"
#include "evenflow/model/layer_support.h"

namespace evenflow {
namespace {

ActivationChoice gate_activation(const LayerBuilder& builder, std::string_view key) {
  const ActivationChoice choice = choose_activation(builder.config().at(std::string(key)), builder.model().keras.major);
  if (choice.function == nullptr) builder.unsupported(key, "a gate's activation works element by element");
  return choice;
}

// The layer on its way from inputs to outputs. Inside, time is the first axis: each step is one block of memory.
class RecurrentLayer {
 public:
  RecurrentLayer(LayerBuilder& builder, ops::Cell cell)
      : builder_(builder),
        graph_(builder.graph()),
        cell_(cell),
        units_(builder.integer("units")),
        gates_(ops::gate_count(cell)) {
    if (units_ < 1) builder.wrong("units", "must be at least 1");
    require_rank(builder, 3, "a sequence (None, time steps, features)");
    const std::size_t states = cell == ops::Cell::lstm ? 2 : 1;
    if (builder.inputs().size() != 1 && builder.inputs().size() != 1 + states) {
      builder.misfit(states == 2 ? "takes a sequence, or a sequence and two initial states"
                                 : "takes a sequence, or a sequence and an initial state");
    }
  }

  ValueId build() {
    const std::int64_t time = builder_.shape()[1];
    ops::RecurrentInputs inputs{.projected = projected(), .recurrent_kernel = recurrent_kernel_};
    inputs.recurrent_bias = recurrent_bias_;
    inputs.hidden = initial_state(0);
    if (cell_ == ops::Cell::lstm) inputs.cell = initial_state(1);
    inputs.mask = time_major_mask();
    inputs.hidden_scale = dropped_ones(builder_.number("recurrent_dropout"), {builder_.batch(), units_});
    const ops::RecurrentStates states = ops::recurrent(graph_, inputs, options());

    const ValueId hidden = last(states.hidden, time);
    const bool sequences = builder_.flag("return_sequences");
    if (builder_.flag("return_state")) {
      builder_.also_output(hidden);
      if (states.cell) builder_.also_output(last(states.cell, time));
    }
    builder_.set_mask(sequences ? builder_.mask(0) : ValueId{});
    return sequences ? sequence(states.hidden, time) : hidden;
  }

 private:
  ops::RecurrentOptions options() const {
    const ActivationChoice activation = gate_activation(builder_, "activation");
    ops::RecurrentOptions options{
        .cell = cell_,
        .functions = {.activation = &activation.function->kernel, .activation_parameters = activation.parameters},
        .hidden_gradient_output = builder_.state_gradient_output("hidden")};
    if (cell_ != ops::Cell::simple) {
      const ActivationChoice gate = gate_activation(builder_, "recurrent_activation");
      options.functions.recurrent_activation = &gate.function->kernel;
      options.functions.recurrent_parameters = gate.parameters;
    }
    if (cell_ == ops::Cell::lstm) options.cell_gradient_output = builder_.state_gradient_output("cell");
    return options;
  }

  // (time, batch, gates * units): the inputs' part of all steps in one product. Makes the layer's variables.
  ValueId projected() {
    const Shape shape = builder_.shape();
    const ValueId kernel = builder_.weight("kernel", {shape[2], gates_ * units_});
    recurrent_kernel_ = builder_.weight("recurrent_kernel", {units_, gates_ * units_}, true, "recurrent");
    ValueId x = builder_.input();
    if (const ValueId dropped = dropped_ones(builder_.number("dropout"), {shape[0], shape[2]})) {
      // One mask for all time steps (Gal and Ghahramani 2016).
      x = ops::multiply(graph_, x, ops::reshape(graph_, dropped, {shape[0], 1, shape[2]}));
    }
    x = ops::transpose(graph_, x, {1, 0, 2});
    if (backwards()) x = ops::reverse(graph_, x, 0);
    ValueId z = ops::matmul(graph_, x, kernel);
    if (builder_.flag("use_bias")) z = ops::add(graph_, z, input_bias());
    builder_.pre_activation(z);
    return z;
  }

  ValueId input_bias() {
    const std::int64_t width = gates_ * units_;
    if (cell_ == ops::Cell::lstm && builder_.flag("unit_forget_bias")) {
      return builder_.weight("bias", {width}, true, {},
                             {{"class_name", "UnitForgetBias"},
                              {"config", {{"bias_initializer", builder_.config().at("bias_initializer")}}}});
    }
    if (cell_ != ops::Cell::gru_reset_after) return builder_.weight("bias", {width});
    // Row 0 is added to the inputs' products, row 1 to the states'.
    const ValueId both = builder_.weight("bias", {2, width});
    recurrent_bias_ = ops::reshape(graph_, ops::slice(graph_, both, 0, 1, 2), {width});
    return ops::reshape(graph_, ops::slice(graph_, both, 0, 0, 1), {width});
  }

  // Ones of which some are dropped and the others scaled; absent outside of training.
  ValueId dropped_ones(double rate, const Shape& shape) {
    if (!builder_.training() || rate == 0) return {};
    if (rate < 0 || rate > 1) builder_.wrong("dropout", "must lie between 0 and 1");
    return ops::dropout(graph_, graph_.constant(Tensor(shape, 1.0f)), static_cast<float>(rate),
                        builder_.random_stream());
  }

  ValueId initial_state(std::size_t index) {
    const Shape shape{builder_.batch(), units_};
    if (builder_.inputs().size() == 1) return graph_.constant(Tensor(shape));
    const ValueId state = builder_.inputs()[1 + index];
    if (graph_.shape(state) != shape) builder_.misfit("expects initial states (None, units)");
    return state;
  }

  ValueId time_major_mask() {
    if (!builder_.mask(0)) return {};
    const ValueId mask = ops::transpose(graph_, builder_.mask(0), {1, 0});
    return backwards() ? ops::reverse(graph_, mask, 0) : mask;
  }

  ValueId last(ValueId states, std::int64_t time) {
    return ops::reshape(graph_, ops::slice(graph_, states, 0, time, time + 1), {builder_.batch(), units_});
  }

  // In the order in which they were computed, as Keras has it.
  ValueId sequence(ValueId states, std::int64_t time) {
    const ValueId all = ops::transpose(graph_, ops::slice(graph_, states, 0, 1, time + 1), {1, 0, 2});
    if (!builder_.mask(0) || !builder_.flag("zero_output_for_mask")) return all;
    const ValueId mask = backwards() ? ops::reverse(graph_, builder_.mask(0), 1) : builder_.mask(0);
    return ops::multiply(graph_, all, ops::reshape(graph_, mask, {builder_.batch(), time, 1}));
  }

  bool backwards() const { return builder_.flag("go_backwards"); }

  LayerBuilder& builder_;
  Graph& graph_;
  ops::Cell cell_;
  std::int64_t units_;
  std::int64_t gates_;
  ValueId recurrent_kernel_;
  ValueId recurrent_bias_;
};

}  // namespace

ValueId build_recurrent(LayerBuilder& builder, ops::Cell cell) {
  if (builder.flag("stateful")) {
    builder.unsupported("stateful", "states are not kept from batch to batch; give them as inputs (initial_state)");
  }
  return RecurrentLayer(builder, cell).build();
}

void upgrade_recurrent(Json& config, KerasVersion) {
  for (const char* key : {"implementation", "unroll", "input_dim", "input_length"}) config.erase(key);
}

}  // namespace evenflow
