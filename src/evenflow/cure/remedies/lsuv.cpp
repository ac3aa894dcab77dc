// D. Mishkin, J. Matas, "All you need is a good init", ICLR 2016: orthogonal weights, layer by layer scaled so that the
// pre-activations have variance 1 on the data. The scale is written into the initializer as its gain, so that fresh
// weights have it as well.
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow::remedy_items {
namespace {

constexpr std::size_t kMostLayers = 64;  // each takes a forward pass through all in front of it
constexpr std::int64_t kSamples = 64;

// E[z^2] of the layer's pre-activation on the first samples. `weights` are the whole model's.
double pre_activation_moment(const Model& model, const Weights& weights, const Site& site, const Tensor& x) {
  Model part = model;
  part.compile.reset();
  Layer& last = *part.find(site.layer);
  if (site.activation_layer == site.layer) last.config["activation"] = "linear";
  part.outputs = {site.layer};
  const auto end = std::find_if(part.layers.begin(), part.layers.end(),
                                [&](const Layer& layer) { return layer.name == site.layer; });
  part.layers.erase(end + 1, part.layers.end());
  SavedModel saved{.model = part};
  for (const ParameterInfo& parameter : parameters(part)) saved.weights.set(parameter.name, weights.at(parameter.name));
  Network network(std::move(saved));
  const Tensor z = network.predict(x, static_cast<int>(kSamples));
  double squares = 0;
  for (const float value : z.values()) squares += static_cast<double>(value) * static_cast<double>(value);
  return squares / static_cast<double>(z.count());
}

Treatment apply(const Case& c) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  const std::vector<Site> hidden = treatable(c);
  if (hidden.empty()) return Refusal{"no hidden layer that may be changed"};
  if (hidden.size() > kMostLayers) {
    return Refusal{
        fmt::format("{} layers; it measures one after the other and is meant for {}", hidden.size(), kMostLayers)};
  }
  for (const Site& site : hidden) {
    // Theory, section 3: -11.8 decades over 30 layers stay, because the factor is E[f'^2] / E[f^2].
    if (site.activation.name == "sigmoid" || site.activation.name == "softplus") {
      return Refusal{fmt::format("it does not rescue {}", site.activation.name)};
    }
    if (!site.normalization.empty()) return Refusal{"the layers are normalized anyway"};
  }
  Treated treated{.recipe = c.recipe};
  Model& model = treated.recipe.model;
  for (const Site& site : hidden) {
    Initialization orthogonal = scaled_initialization(1);
    orthogonal.kernel = {{"class_name", "Orthogonal"}, {"config", {{"gain", 1.0}}}};
    set_initialization(model, site.layer, orthogonal);
  }
  Weights weights = initialize(model, c.recipe.seed);
  const Tensor x = c.data.x.rows(0, std::min(kSamples, c.data.samples()));
  double least = 0;
  double most = 0;
  for (const Site& site : hidden) {
    const double moment = pre_activation_moment(model, weights, site, x);
    if (!(moment > 0) || !std::isfinite(moment)) return Refusal{"no signal arrives at " + site.layer};
    const double gain = std::stod(fmt::format("{:.4g}", 1 / std::sqrt(moment)));
    for (float& value : weights.at(site.layer + "/kernel").values()) value *= static_cast<float>(gain);
    set_config(model, site.layer, "kernel_initializer", {{"class_name", "Orthogonal"}, {"config", {{"gain", gain}}}});
    least = least == 0 ? gain : std::min(least, gain);
    most = std::max(most, gain);
  }
  treated.change = fmt::format("LSUV: orthogonal initial weights with measured gains {:.3g} to {:.3g}", least, most);
  return treated;
}

}  // namespace

extern const Remedy lsuv;
constinit const Remedy lsuv{
    .id = "lsuv",
    .kind = RemedyKind::initialization,
    .summary = "Orthogonal initial weights scaled layer by layer to unit variance on the data (LSUV)",
    .effect = "ReLU -0.02, ELU +0.22, GELU +0.41, tanh +1.03 decades over 30 layers; no cure for sigmoid",
    .treats = "vanishing exploding initialization",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
