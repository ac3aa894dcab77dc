// Nadam's momentum, which warms up, and the product of all momenta so far, which Keras stores as "u_product".
#pragma once

#include <cmath>
#include <cstdint>

namespace evenflow::optimizers {

// momentum(t) = beta_1 (1 - 0.96^(t decay) / 2) with decay 1; Keras 2 until 2.10 has 0.004.
class NadamSchedule {
 public:
  NadamSchedule(double beta_1, double decay) : beta_1_(beta_1), decay_(decay) {}

  double momentum(std::uint64_t t) const {
    return beta_1_ * (1 - 0.5 * std::pow(0.96, decay_ * static_cast<double>(t)));
  }

  // momentum(1) ... momentum(t). One multiplication when it is asked for one step after the other.
  double product(std::uint64_t t) {
    if (t < last_) {
      last_ = 0;
      product_ = 1;
    }
    while (last_ < t && product_ > 0) product_ *= momentum(++last_);
    last_ = t;
    return product_;
  }

 private:
  double beta_1_;
  double decay_;
  std::uint64_t last_ = 0;
  double product_ = 1;
};

}  // namespace evenflow::optimizers
