#include "evenflow/health/theory/quadrature.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace evenflow::theory {
namespace {

constexpr int kNodes = 16;    // per panel
constexpr int kPanels = 16;   // over [-kRange, kRange], before edges are added
constexpr double kRange = 9;  // the normal density beyond is below 1e-18

struct Rule {
  std::array<double, kNodes> x;
  std::array<double, kNodes> weight;
};

// Nodes of Gauss-Legendre: zeros of the Legendre polynomial by Newton's method.
Rule legendre() {
  Rule rule{};
  for (int i = 0; i < kNodes; ++i) {
    double x = std::cos(std::numbers::pi * (i + 0.75) / (kNodes + 0.5));
    double derivative = 1;
    for (int iteration = 0; iteration < 100; ++iteration) {
      double previous = 1;
      double value = x;
      for (int n = 2; n <= kNodes; ++n) {
        const double next = ((2 * n - 1) * x * value - (n - 1) * previous) / n;
        previous = value;
        value = next;
      }
      derivative = kNodes * (x * value - previous) / (x * x - 1);
      const double step = value / derivative;
      x -= step;
      if (std::abs(step) < 1e-16) break;
    }
    const auto index = static_cast<std::size_t>(i);
    rule.x[index] = x;
    rule.weight[index] = 2 / ((1 - x * x) * derivative * derivative);
  }
  return rule;
}

// In z. Beside the even panels: the kinks, and for q > 1 geometric edges that resolve the steep region around 0.
std::vector<double> edges(double scale, std::span<const double> kinks) {
  std::vector<double> edges;
  for (int i = 0; i <= kPanels; ++i) edges.push_back(-kRange + 2 * kRange * i / kPanels);
  const auto add = [&](double edge) {
    if (std::abs(edge) < kRange) edges.push_back(edge);
  };
  for (const double kink : kinks) {
    if (!std::isnan(kink)) add(kink / scale);
  }
  if (scale > 1) {
    for (double edge = 0.5 / scale; edge < kRange; edge *= 2) {
      add(edge);
      add(-edge);
    }
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

}  // namespace

std::vector<Node> gaussian_nodes(double q, std::span<const double> kinks) {
  // The limit from both sides of 0.
  constexpr double kTiny = 1e-12;
  if (q <= 0) return {{kTiny, 0.5}, {-kTiny, 0.5}};
  static const Rule rule = legendre();
  const double scale = std::sqrt(q);
  const std::vector<double> edge = edges(scale, kinks);
  std::vector<Node> nodes;
  nodes.reserve(edge.size() * kNodes);
  for (std::size_t panel = 0; panel + 1 < edge.size(); ++panel) {
    const double center = (edge[panel] + edge[panel + 1]) / 2;
    const double half = (edge[panel + 1] - edge[panel]) / 2;
    if (half <= 0) continue;
    for (std::size_t i = 0; i < kNodes; ++i) {
      const double z = center + half * rule.x[i];
      nodes.push_back({scale * z, half * rule.weight[i] * std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi)});
    }
  }
  return nodes;
}

double gaussian_mean(double q, std::span<const double> kinks, const std::function<double(double)>& f) {
  double sum = 0;
  for (const Node& node : gaussian_nodes(q, kinks)) sum += node.weight * f(node.z);
  return sum;
}

}  // namespace evenflow::theory
