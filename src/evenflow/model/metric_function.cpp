#include "evenflow/model/metric_function.h"

#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/registry_names.h"

namespace evenflow {
namespace {

bool is_class_index(const Shape& target, const Shape& output) {
  return target.rank() < output.rank() || target.back() == 1;
}

std::string accuracy(const Shape& target, const Shape& output, std::string_view loss, int keras_major) {
  if (output.back() == 1) return "binary_accuracy";
  if (keras_major < 3) {
    if (loss == "binary_crossentropy") return "binary_accuracy";
    return loss == "sparse_categorical_crossentropy" ? "sparse_categorical_accuracy" : "categorical_accuracy";
  }
  return is_class_index(target, output) ? "sparse_categorical_accuracy" : "categorical_accuracy";
}

std::string crossentropy(const Shape& target, const Shape& output, std::string_view loss, int keras_major) {
  if (output.back() == 1 || (keras_major < 3 && loss == "binary_crossentropy")) return "binary_crossentropy";
  return is_class_index(target, output) ? "sparse_categorical_crossentropy" : "categorical_crossentropy";
}

}  // namespace

MetricChoice choose_metric(const Item& metric, const Shape& target, const Shape& output, const Item& loss,
                           int keras_major) {
  std::string name = metric.type;
  // tf.keras: {"class_name": "MeanMetricWrapper", "config": {"fn": "categorical_accuracy"}}
  if (metric.config.contains("fn") && metric.config["fn"].is_string()) name = metric.config["fn"];
  if (name == "accuracy" || name == "acc" || name == "Accuracy")
    name = accuracy(target, output, loss.type, keras_major);
  if (name == "crossentropy" || name == "ce") name = crossentropy(target, output, loss.type, keras_major);

  if (const MetricFunction* found = find_item(all_metrics(), name)) {
    return {.id = found->id, .row = &found->row, .root = found->root, .higher_is_better = found->higher_is_better};
  }
  if (find_item(all_losses(), name) != nullptr) {
    const Item item = choose_loss(Json{{"class_name", name}, {"config", metric.config}});
    const LossChoice choice = loss_choice(item);
    MetricChoice result{.id = choice.function->id,
                        .row = choice.from_logits ? choice.function->from_logits : &choice.function->row};
    std::copy(std::begin(choice.parameters), std::end(choice.parameters), result.parameters.begin());
    return result;
  }
  fail_unknown("metric", name, all_metrics());
}

}  // namespace evenflow
