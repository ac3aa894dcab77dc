#include "evenflow/model/loss_function.h"

#include <cmath>

namespace evenflow::losses {
namespace {

// mean (p - y log(p + 1e-7))
double evaluate(const Row& row, float* gradient) {
  const auto n = static_cast<double>(row.width);
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = row.target[i];
    const double p = row.prediction[i];
    const double value = p - y * std::log(p + 1e-7);
    const double slope = 1 - y / (p + 1e-7);
    sum += value;
    if (gradient != nullptr) gradient[i] = static_cast<float>(slope / n);
  }
  return sum / n;
}

}  // namespace

extern const LossFunction poisson;
constinit const LossFunction poisson{
    .id = "poisson",
    .class_name = "Poisson",
    .aliases = "",
    .row = {"poisson", evaluate},
};

}  // namespace evenflow::losses
