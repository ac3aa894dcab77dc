#include <string>
#include <utility>
#include <vector>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/wrapped_layer.h"

namespace evenflow::layers {
namespace {

std::string without_prefix(const std::string& name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

bool flag_of(const Layer& layer, const char* key) {
  return layer.config.value(key, false);
}

class Bidirectional {
 public:
  explicit Bidirectional(LayerBuilder& builder) : builder_(builder), forward_(wrapped_layer(builder, "layer")) {
    const std::string name = without_prefix(forward_.name, "forward_");
    backward_ = builder.is_null("backward_layer") ? forward_ : wrapped_layer(builder, "backward_layer");
    backward_.config["go_backwards"] = !flag_of(forward_, "go_backwards");
    forward_.name = "forward_" + name;
    backward_.name =
        "backward_" + (builder.is_null("backward_layer") ? name : without_prefix(backward_.name, "backward_"));
    sequences_ = flag_of(forward_, "return_sequences");
    // Keras 3 fills what padding leaves in both directions with zeros, so that they can be merged.
    if (builder.model().keras.major >= 3) {
      forward_.config["zero_output_for_mask"] = sequences_;
      backward_.config["zero_output_for_mask"] = sequences_;
    }
  }

  ValueId build() {
    const std::size_t states = (builder_.inputs().size() - 1) / 2;
    if (builder_.inputs().size() != 1 + 2 * states) builder_.misfit("takes as many initial states for each direction");
    const LayerBuilder::Inner there = run(forward_, 1, states);
    const LayerBuilder::Inner back = run(backward_, 1 + states, states);
    builder_.set_mask(sequences_ ? builder_.mask(0) : ValueId{});
    const ValueId returned = sequences_ ? ops::reverse(builder_.graph(), back.output, 1) : back.output;
    const ValueId result = merged(there.output, returned);
    for (const ValueId state : there.more_outputs) builder_.also_output(state);
    for (const ValueId state : back.more_outputs) builder_.also_output(state);
    return result;
  }

 private:
  LayerBuilder::Inner run(const Layer& layer, std::size_t first_state, std::size_t states) {
    std::vector<ValueId> inputs{builder_.input()};
    for (std::size_t i = 0; i < states; ++i) inputs.push_back(builder_.inputs()[first_state + i]);
    return builder_.call(layer, std::move(inputs), builder_.mask(0));
  }

  ValueId merged(ValueId there, ValueId back) {
    Graph& graph = builder_.graph();
    const std::string mode = builder_.text("merge_mode");
    if (mode == "none") {
      builder_.also_output(back);
      return there;
    }
    if (mode == "concat") return ops::concatenate(graph, {there, back}, -1);
    if (mode == "sum") return ops::add(graph, there, back);
    if (mode == "mul") return ops::multiply(graph, there, back);
    if (mode != "ave") builder_.wrong("merge_mode", "must be concat, sum, mul, ave or null");
    return ops::scale(graph, ops::add(graph, there, back), 0.5f);
  }

  LayerBuilder& builder_;
  Layer forward_;
  Layer backward_;
  bool sequences_ = false;
};

ValueId build(LayerBuilder& builder) {
  return Bidirectional(builder).build();
}

// null says that the directions are not merged; null elsewhere stands for a default.
void upgrade(Json& config, KerasVersion) {
  const auto mode = config.find("merge_mode");
  if (mode != config.end() && mode->is_null()) *mode = "none";
}

}  // namespace

extern const LayerType bidirectional;
constinit const LayerType bidirectional{
    .id = "Bidirectional",
    .summary = "a recurrent layer in both directions of time (Schuster and Paliwal 1997)",
    .defaults = R"({"layer": null, "backward_layer": null, "merge_mode": "concat"})",
    .maximum_inputs = kAnyNumber,
    .build = build,
    .upgrade = upgrade,
};

}  // namespace evenflow::layers
