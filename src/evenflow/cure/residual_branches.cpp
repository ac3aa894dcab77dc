#include "evenflow/cure/residual_branches.h"

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

// The layer that ends a site: its activation or, where that comes from itself, the layer.
bool follows_directly(const Model& model, const Site& site, const Site& next) {
  const Layer& layer = *model.find(next.layer);
  return layer.inputs.size() == 1 && layer.inputs.front() == LayerOutput(site.activation_layer) &&
         consumers(model, site.activation_layer).size() == 1 && site.output == next.output &&
         site.normalization.empty() && next.normalization.empty();
}

struct Block {
  Site from;
  Site to;
};

std::vector<Block> blocks(const Case& c) {
  std::vector<Block> result;
  const std::vector<Site> hidden = treatable(c);
  for (std::size_t i = 0; i + 1 < hidden.size(); ++i) {
    if (hidden[i].activation_layer.empty() || hidden[i + 1].activation_layer.empty()) continue;
    if (follows_directly(c.recipe.model, hidden[i], hidden[i + 1])) result.push_back({hidden[i], hidden[i + 1]});
  }
  return result;
}

}  // namespace

Treatment add_residual_branches(const Case& c, const std::function<Layer(std::size_t blocks)>& scale,
                                const std::string& what) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  const std::vector<Block> found = blocks(c);
  if (found.size() < 2) return Refusal{"no run of three hidden layers of one width, which residual blocks need"};
  Treated treated{.recipe = c.recipe};
  Model& model = treated.recipe.model;
  std::vector<std::string> changed;
  std::string stream;  // the sum that the last block ended with
  std::string last;    // the site it belongs to
  for (const auto& [from, to] : found) {
    if (from.layer != last) {
      split_activation(model, from);
      stream = from.layer;
      if (const auto fitting = critical_initialization(from.activation, from.keep_probability)) {
        set_initialization(model, from.layer, *fitting);
      }
    }
    split_activation(model, to);
    if (const auto fitting = critical_initialization(to.activation, to.keep_probability)) {
      set_initialization(model, to.layer, *fitting);
    }
    const std::string branch = insert_after(model, to.layer, scale(found.size()), to.layer + "_branch");
    Layer sum = layer("Add");
    sum.inputs = {stream};
    stream = insert_after(model, branch, std::move(sum), to.layer + "_sum");
    last = to.layer;
    changed.push_back(to.layer);
  }
  treated.change = fmt::format("{} {}", what, in_layers(changed));
  return treated;
}

}  // namespace evenflow
