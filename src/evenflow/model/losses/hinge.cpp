#include "evenflow/model/loss_function.h"

#include <algorithm>
#include <cmath>

namespace evenflow::losses {
namespace {

// Keras turns targets into -1 and 1 if every target of the batch is 0 or 1; here the row is what can be seen.
bool is_binary(const Row& row) {
  return std::all_of(row.target, row.target + row.width, [](float y) { return y == 0.0f || y == 1.0f; });
}

// mean of max(1 - y p, 0)
double evaluate(const Row& row, float* gradient) {
  const bool binary = is_binary(row);
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = binary ? 2.0 * row.target[i] - 1 : row.target[i];
    const double margin = std::max(1 - y * row.prediction[i], 0.0);
    sum += margin;
    if (gradient != nullptr) gradient[i] = static_cast<float>((margin > 0 ? -y : 0) / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction hinge;
constinit const LossFunction hinge{
    .id = "hinge",
    .class_name = "Hinge",
    .aliases = "",
    .row = {"hinge", evaluate},
};

}  // namespace evenflow::losses
