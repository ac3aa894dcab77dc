#include "evenflow/model/loss_function.h"

#include <algorithm>
#include <cmath>

namespace evenflow::losses {
namespace {

// max(max over the wrong classes (1 - y) p - sum y p + 1, 0)
double evaluate(const Row& row, float* gradient) {
  double right = 0;
  std::size_t worst = 0;
  double wrong = (1.0 - row.target[0]) * row.prediction[0];
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i];
    right += y * row.prediction[i];
    if ((1 - y) * row.prediction[i] > wrong) {
      wrong = (1 - y) * row.prediction[i];
      worst = i;
    }
  }
  const double value = std::max(wrong - right + 1, 0.0);
  if (gradient != nullptr) {
    for (std::size_t i = 0; i < row.width; ++i) {
      const double y = row.target[i];
      gradient[i] = value > 0 ? static_cast<float>((i == worst ? 1 - y : 0) - y) : 0.0f;
    }
  }
  return value;
}

}  // namespace

extern const LossFunction categorical_hinge;
constinit const LossFunction categorical_hinge{
    .id = "categorical_hinge",
    .class_name = "CategoricalHinge",
    .aliases = "",
    .row = {"categorical_hinge", evaluate},
};

}  // namespace evenflow::losses
