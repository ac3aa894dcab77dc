#include "evenflow/model/lowering.h"

#include <algorithm>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/model/connections.h"
#include "evenflow/model/layer_builder.h"

namespace evenflow {
namespace {

std::string numbered(std::string_view stem, std::size_t index) {
  return index == 0 ? std::string(stem) : fmt::format("{}_{}", stem, index);
}

// An axis of any length, when nobody says which: long enough for usual kernels and poolings.
constexpr std::int64_t kOpenExtent = 32;

Shape with_open_axes(const Layer& layer, const Shape& own, const Shape* given) {
  Shape shape = own;
  for (int axis = 0; axis < own.rank(); ++axis) {
    if (own[axis] == 0) shape = shape.with(axis, given == nullptr ? kOpenExtent : (*given)[axis]);
  }
  if (given != nullptr && *given != shape) {
    fail(ErrorKind::shape, "{}: takes samples of shape {}, not {}", layer_text(layer), to_string(own),
         to_string(*given));
  }
  return shape;
}

class Lowering {
 public:
  Lowering(const Model& model, const LoweringOptions& options)
      : model_(model), options_(options), inputs_(input_names(model)), sources_(connections(model)) {
    lowered_.inputs.resize(inputs_.size());
    lowered_.outputs.resize(model.outputs.size());
    if (!options.samples.empty() && options.samples.size() != inputs_.size()) {
      fail(ErrorKind::input, "model '{}' takes {} inputs, not {}", printable(model.name), inputs_.size(),
           options.samples.size());
    }
  }

  Lowered run() {
    for (std::size_t i = 0; i < model_.layers.size(); ++i) add(i);
    for (std::size_t i = 0; i < lowered_.outputs.size(); ++i) {
      lowered_.graph.output(output_name(i), lowered_.outputs[i].value);
    }
    return std::move(lowered_);
  }

 private:
  void add(std::size_t i) {
    const Layer& layer = model_.layers[i];
    std::vector<ValueId> values;
    std::vector<ValueId> masks;
    for (std::size_t k = 0; k < layer.inputs.size(); ++k) {
      const LoweredLayer& source = lowered_.layers[sources_[i][k]];
      values.push_back(output_of(source, layer.inputs[k]));
      masks.push_back(source.mask);
    }
    if (layer.type == "InputLayer") {
      values = {add_input(layer)};
      masks = {ValueId{}};
    }
    GraphLayerBuilder builder(lowered_.graph, model_, layer, options_, std::move(values), std::move(masks));
    LoweredLayer& built = lowered_.layers.emplace_back(builder.build());
    lowered_.parameters.insert(lowered_.parameters.end(), built.parameters.begin(), built.parameters.end());
    if (!take_outputs(built, builder.activation_input()) && options_.tap) {
      const Graph::Scope scope(lowered_.graph, layer.name);
      built.output = options_.tap(lowered_.graph, i, built.output);
    }
  }

  ValueId add_input(const Layer& layer) {
    const auto index =
        static_cast<std::size_t>(std::find(inputs_.begin(), inputs_.end(), layer.name) - inputs_.begin());
    const Shape* const given = options_.samples.empty() ? nullptr : &options_.samples[index];
    const Shape sample = with_open_axes(layer, sample_shape(layer), given);
    return lowered_.inputs[index] = lowered_.graph.input(input_name(index), concatenate(Shape{options_.batch}, sample));
  }

  static ValueId output_of(const LoweredLayer& layer, const LayerOutput& source) {
    const auto count = static_cast<int>(layer.more_outputs.size()) + 1;
    if (source.index < 0 || source.index >= count) {
      fail(ErrorKind::input, "layer '{}' has {} output{}, but output {} is used", printable(layer.name), count,
           count == 1 ? "" : "s", source.index);
    }
    return layer.output_at(source.index);
  }

  // Is an output of the model among the layer's?
  bool take_outputs(const LoweredLayer& built, ValueId activation_input) {
    bool any = false;
    for (std::size_t i = 0; i < model_.outputs.size(); ++i) {
      const LayerOutput& source = model_.outputs[i];
      if (source.layer != built.name) continue;
      any = true;
      Lowered::Output& output = lowered_.outputs[i];
      output = {.value = output_of(built, source), .logits = {}, .mask = built.mask, .activation = {}};
      if (source.index != 0) continue;
      output.activation = built.activation.name;
      if (output.activation == "softmax" || output.activation == "sigmoid") output.logits = activation_input;
    }
    return any;
  }

  const Model& model_;
  const LoweringOptions& options_;
  std::vector<std::string> inputs_;
  std::vector<std::vector<std::size_t>> sources_;
  Lowered lowered_;
};

}  // namespace

std::string input_name(std::size_t index) {
  return numbered("x", index);
}
std::string target_name(std::size_t index) {
  return numbered("y", index);
}
std::string sample_weight_name(std::size_t index) {
  return numbered("sample_weight", index);
}
std::string output_name(std::size_t index) {
  return numbered("prediction", index);
}

Lowered lower(const Model& model, const LoweringOptions& options) {
  const Model flat = flattened(model);
  return Lowering(flat, options).run();
}

}  // namespace evenflow
