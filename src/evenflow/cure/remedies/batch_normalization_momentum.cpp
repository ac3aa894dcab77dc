#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow::remedy_items {
namespace {

constexpr double kLeast = 0.5;

// The moving averages forget their start within 1 / (1 - momentum) steps; a tenth of the training is quick enough.
Treatment apply(const Case& c) {
  const double wanted = std::max(kLeast, 1 - 10.0 / static_cast<double>(std::max<std::int64_t>(c.steps, 1)));
  Treated treated{.recipe = c.recipe};
  std::vector<std::string> changed;
  for (Layer& layer : treated.recipe.model.layers) {
    const bool kept = std::find(c.keep.begin(), c.keep.end(), layer.name) != c.keep.end();
    if (layer.type != "BatchNormalization" || kept || layer.config.value("momentum", 0.99) <= wanted) continue;
    layer.config["momentum"] = wanted;
    changed.push_back(layer.name);
  }
  if (changed.empty()) {
    return Refusal{fmt::format("no batch normalization whose averages would not settle in {} steps", c.steps)};
  }
  treated.change = fmt::format("batch normalization with momentum {:.3g} {}", wanted, in_layers(changed));
  return treated;
}

}  // namespace

extern const Remedy batch_normalization_momentum;
constinit const Remedy batch_normalization_momentum{
    .id = "batch_normalization_momentum",
    .kind = RemedyKind::normalization,
    .summary = "A smaller momentum of batch normalization's moving averages",
    .effect = "inference uses the statistics of the last tenth of the training instead of the initial ones",
    .treats = "normalization slow",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
