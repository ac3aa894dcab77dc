// Means of functions of a Gaussian variable.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace evenflow::theory {

// E[f(z)] for z ~ N(0, q) is the sum of weight f(z) over the nodes.
struct Node {
  double z;
  double weight;
};
std::vector<Node> gaussian_nodes(double q, std::span<const double> kinks);

// E[f(sqrt(q) z)] for z ~ N(0, 1), q >= 0: composite Gauss-Legendre with panel edges at the kinks of f (NaN: none).
// Relative error below 1e-14 for the moments of all activations up to q = 1000, where Gauss-Hermite fails at kinks and
// for large q (spec/theory, section 1.3). q = 0 is the limit from above.
double gaussian_mean(double q, std::span<const double> kinks, const std::function<double(double)>& f);

}  // namespace evenflow::theory
