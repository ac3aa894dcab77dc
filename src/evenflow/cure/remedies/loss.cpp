// Squared error behind a sigmoid or softmax multiplies the gradient by the activation's slope, which is 0 where the
// network is surely wrong; cross-entropy cancels it (theory: the gradient at the logits is p - y).
#include "evenflow/base/text.h"
#include "evenflow/cure/task.h"
#include "evenflow/model/loss_function.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  const Model& model = c.recipe.model;
  if (model.outputs.size() != 1 || !model.compile->outputs.empty()) return Refusal{"the model has several outputs"};
  const Task task = task_of(model, c.data);
  const std::string present = model.compile->loss.type;
  if (takes_logits(model)) return Refusal{present + " fits the output"};
  const std::string_view activation = output_site(model).activation.name;
  std::string wanted = present;
  if (task.kind == Task::Kind::one_hot && activation == "softmax") wanted = "categorical_crossentropy";
  if (task.kind == Task::Kind::binary && activation == "sigmoid") wanted = "binary_crossentropy";
  const bool cross_entropy_of_values = task.kind == Task::Kind::values &&
                                       present.find("crossentropy") != std::string::npos &&
                                       (task.minimum < 0 || task.maximum > 1);
  if (cross_entropy_of_values) wanted = "mean_squared_error";
  const bool focal = present.find("focal") != std::string::npos;
  if (wanted == present || focal) return Refusal{present + " fits the output and the targets"};
  Treated treated{.recipe = c.recipe};
  treated.recipe.model.compile->loss = choose_loss(wanted);
  treated.change = fmt::format("loss {} instead of {}", wanted, present);
  return treated;
}

}  // namespace

extern const Remedy loss;
constinit const Remedy loss{
    .id = "loss",
    .kind = RemedyKind::loss,
    .summary = "The loss that fits the targets and the output activation",
    .effect = "a gradient at the output that does not vanish where the network is surely wrong",
    .treats = "output slow vanishing",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
