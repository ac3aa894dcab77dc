#include "evenflow/model/loss_function.h"

#include <algorithm>
#include <cmath>

namespace evenflow::losses {
namespace {

double norm(const float* x, std::size_t count) {
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) squares += static_cast<double>(x[i]) * x[i];
  return std::sqrt(std::max(squares, 1e-24));
}

// -cos(y, p): -1 for the same direction
double evaluate(const Row& row, float* gradient) {
  const double target_norm = norm(row.target, row.width);
  const double prediction_norm = norm(row.prediction, row.width);
  double cosine = 0;
  for (std::size_t i = 0; i < row.width; ++i) {
    cosine += row.target[i] / target_norm * (row.prediction[i] / prediction_norm);
  }
  if (gradient != nullptr) {
    for (std::size_t i = 0; i < row.width; ++i) {
      const double along = cosine * row.prediction[i] / prediction_norm;
      gradient[i] = static_cast<float>((along - row.target[i] / target_norm) / prediction_norm);
    }
  }
  return -cosine;
}

}  // namespace

extern const LossFunction cosine_similarity;
constinit const LossFunction cosine_similarity{
    .id = "cosine_similarity",
    .class_name = "CosineSimilarity",
    .aliases = "cosine_proximity cosine",
    .row = {"cosine_similarity", evaluate},
};

}  // namespace evenflow::losses
