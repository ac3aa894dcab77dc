#include "evenflow/cure/task.h"

#include <algorithm>
#include <cmath>

#include "evenflow/model/loss_function.h"

namespace evenflow {
namespace {

bool rows_are_one_hot(const Tensor& y) {
  const std::int64_t width = y.shape().back();
  for (std::int64_t i = 0; i < y.count(); i += width) {
    const float* row = y.data() + i;
    if (std::count(row, row + width, 1.0f) != 1 || std::count(row, row + width, 0.0f) != width - 1) return false;
  }
  return true;
}

}  // namespace

Task task_of(const Model& model, const Dataset& data) {
  const auto values = data.y.values();
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  Task task{.minimum = static_cast<double>(*low), .maximum = static_cast<double>(*high)};
  const LossFunction* loss = loss_choice(model.compile->loss).function;
  if (loss != nullptr && loss->target == LossFunction::Target::class_index) {
    task.kind = Task::Kind::class_numbers;
  } else if (data.y.shape().rank() > 1 && data.y.shape().back() > 1) {
    if (rows_are_one_hot(data.y)) task.kind = Task::Kind::one_hot;
  } else if (std::all_of(values.begin(), values.end(), [](float v) { return v == 0.0f || v == 1.0f; })) {
    task.kind = Task::Kind::binary;
  }
  return task;
}

Site output_site(const Model& model) {
  const Layer& last = *model.find(model.outputs.front().layer);
  Site site{.layer = last.name, .hidden = false};
  const auto has_activation = [](const Layer& layer) { return layer.config.contains("activation"); };
  if (last.type == "Softmax") {
    site.activation_layer = last.name;
    site.activation = choose_activation("softmax");
  } else if (last.type == "ReLU" || last.type == "LeakyReLU" || last.type == "ELU") {
    site.activation_layer = last.name;
    site.activation = choose_activation({{"class_name", last.type}, {"config", last.config}});
  } else {
    site.activation = choose_activation(has_activation(last) ? last.config["activation"] : Json(), model.keras.major);
    if (last.type == "Activation" || site.activation.name != "linear") site.activation_layer = last.name;
  }
  // set_activation() then replaces the layer of the activation alone, and not the kernel layer's setting.
  if (!has_activation(last) || last.type == "Activation") site.layer = last.inputs.empty() ? "" : last.inputs[0].layer;
  return site;
}

bool takes_logits(const Model& model) {
  return loss_choice(model.compile->loss).from_logits;
}

}  // namespace evenflow
