// Models inside of models, put in their place.
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/model.h"
#include "evenflow/model/layer_builder.h"

namespace evenflow {
namespace {

bool is_model(const Layer& layer) {
  return layer.config.is_object() && layer.config.contains("model");
}

// Takes the place of one call of an inner model.
class Expansion {
 public:
  // `sources` are where the call's inputs come from in the outer, already flattened, model.
  Expansion(const Layer& call, std::vector<LayerOutput> sources)
      : call_(call), inner_(flattened(model_from_json(call.config["model"]))), sources_(std::move(sources)) {}

  void append_to(std::vector<Layer>& layers) const {
    const std::vector<std::string> names = input_names(inner_);
    if (names.size() != sources_.size()) {
      fail(ErrorKind::input, "{}: its model takes {} inputs, not {}", layer_text(call_), names.size(), sources_.size());
    }
    for (const Layer& inner : inner_.layers) {
      if (inner.type == "InputLayer") continue;
      Layer layer = inner;
      layer.name = inside(call_.name, inner.name);
      layer.trainable = inner.trainable && call_.trainable;
      for (LayerOutput& input : layer.inputs) input = outer(input);
      const std::string& owner = call_.shares.empty() ? call_.name : call_.shares;
      if (!inner.shares.empty()) {
        layer.shares = inside(owner, inner.shares);
      } else if (!call_.shares.empty()) {
        layer.shares = inside(owner, inner.name);
      }
      const auto training = call_.arguments.find("training");
      if (training != call_.arguments.end() && !training->is_null()) layer.arguments["training"] = *training;
      layers.push_back(std::move(layer));
    }
  }

  // Where output `index` of the call is found after the expansion.
  LayerOutput output(int index) const {
    if (index < 0 || static_cast<std::size_t>(index) >= inner_.outputs.size()) {
      fail(ErrorKind::input, "{}: has {} outputs, but output {} is used", layer_text(call_), inner_.outputs.size(),
           index);
    }
    return outer(inner_.outputs[static_cast<std::size_t>(index)]);
  }

 private:
  static std::string inside(const std::string& model, const std::string& layer) {
    return fmt::format("{}/{}", model, layer);
  }

  LayerOutput outer(const LayerOutput& inner) const {
    const std::vector<std::string> names = input_names(inner_);
    const auto input = std::find(names.begin(), names.end(), inner.layer);
    if (input != names.end()) return sources_[static_cast<std::size_t>(input - names.begin())];
    return {inside(call_.name, inner.layer), inner.index};
  }

  const Layer& call_;
  Model inner_;
  std::vector<LayerOutput> sources_;
};

}  // namespace

Model flattened(Model model) {
  if (std::none_of(model.layers.begin(), model.layers.end(), is_model)) return model;
  std::vector<Layer> layers;
  std::map<std::string, Expansion, std::less<>> expansions;
  const auto resolve = [&](const LayerOutput& source) {
    const auto found = expansions.find(source.layer);
    return found == expansions.end() ? source : found->second.output(source.index);
  };
  for (Layer& layer : model.layers) {
    for (LayerOutput& input : layer.inputs) input = resolve(input);
    if (is_model(layer)) {
      expansions.try_emplace(layer.name, layer, layer.inputs).first->second.append_to(layers);
    } else {
      layers.push_back(std::move(layer));
    }
  }
  for (LayerOutput& output : model.outputs) output = resolve(output);
  model.layers = std::move(layers);
  model.sequential = false;
  return model;
}

}  // namespace evenflow
