#include "evenflow/model/loss_function.h"

#include <algorithm>
#include <cmath>

namespace evenflow::losses {
namespace {

// sum y log(y / p) with both clipped to [1e-7, 1]; no gradient where p is clipped
double evaluate(const Row& row, float* gradient) {
  double sum = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    const double y = std::clamp<double>(row.target[i], 1e-7, 1.0);
    const double raw = row.prediction[i];
    const double p = std::clamp(raw, 1e-7, 1.0);
    sum += y * std::log(y / p);
    if (gradient != nullptr) gradient[i] = raw >= 1e-7 && raw <= 1.0 ? static_cast<float>(-y / p) : 0.0f;
  }
  return sum;
}

}  // namespace

extern const LossFunction kl_divergence;
constinit const LossFunction kl_divergence{
    .id = "kl_divergence",
    .class_name = "KLDivergence",
    .aliases = "kld KLD kullback_leibler_divergence",
    .row = {"kl_divergence", evaluate},
};

}  // namespace evenflow::losses
