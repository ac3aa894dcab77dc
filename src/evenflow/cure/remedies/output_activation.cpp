#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/cure/task.h"

namespace evenflow::remedy_items {
namespace {

std::string wanted_activation(const Task& task, const Site& site) {
  switch (task.kind) {
    case Task::Kind::one_hot:
    case Task::Kind::class_numbers:
      return "softmax";
    case Task::Kind::binary:
      return "sigmoid";
    case Task::Kind::values:
      break;
  }
  // Targets that the activation cannot reach.
  const std::string_view name = site.activation.name;
  const bool not_negative = name == "relu" || name == "softplus" || name == "exponential";
  const bool bounded = name == "sigmoid" || name == "softmax" || name == "tanh" || name == "hard_sigmoid";
  const double lowest = name == "tanh" ? -1 : 0;
  const bool outside = (bounded && (task.maximum > 1 || task.minimum < lowest)) || (not_negative && task.minimum < 0);
  return outside ? "linear" : std::string(name);
}

Treatment apply(const Case& c) {
  if (const std::string reason = cannot_rewrite(c.recipe.model); !reason.empty()) return Refusal{reason};
  if (c.recipe.model.outputs.size() != 1) return Refusal{"the model has several outputs"};
  if (takes_logits(c.recipe.model)) return Refusal{"the loss takes logits and applies its own activation"};
  const Site site = output_site(c.recipe.model);
  const Task task = task_of(c.recipe.model, c.data);
  const std::string wanted = wanted_activation(task, site);
  const std::string present(site.activation.name);
  if (wanted == present) return Refusal{fmt::format("{} fits the targets", present)};
  const std::string& owner = site.activation_layer.empty() ? site.layer : site.activation_layer;
  if (std::find(c.keep.begin(), c.keep.end(), owner) != c.keep.end()) return Refusal{owner + " is to be kept"};
  Treated treated{.recipe = c.recipe};
  if (!c.recipe.model.find(site.layer)->config.contains("activation") && site.activation_layer.empty()) {
    insert_after(treated.recipe.model, site.layer, layer("Activation", {{"activation", wanted}}), "output_activation");
  } else {
    set_activation(treated.recipe.model, site, wanted);
  }
  treated.change = fmt::format("output activation {} instead of {}", wanted, present);
  return treated;
}

}  // namespace

extern const Remedy output_activation;
constinit const Remedy output_activation{
    .id = "output_activation",
    .kind = RemedyKind::loss,
    .summary = "The output activation that fits the targets: softmax, sigmoid or linear",
    .effect = "outputs that can reach the targets, with a gradient everywhere",
    .treats = "output",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
