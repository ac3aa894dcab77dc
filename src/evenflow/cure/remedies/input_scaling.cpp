// Y. LeCun et al., "Efficient backprop", 1998: inputs of mean 0 and variance 1.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/cure/rewrite.h"
#include "evenflow/model/layer_type.h"

namespace evenflow::remedy_items {
namespace {

struct Moments {
  std::vector<double> mean;      // of each feature on the last axis
  std::vector<double> variance;  // 1 for a constant feature
};

Moments moments(const Tensor& x) {
  const auto features = static_cast<std::size_t>(x.shape().rank() > 1 ? x.shape().back() : 1);
  const double count = static_cast<double>(x.count()) / static_cast<double>(features);
  Moments result{std::vector<double>(features), std::vector<double>(features)};
  for (std::int64_t i = 0; i < x.count(); ++i) {
    result.mean[static_cast<std::size_t>(i) % features] += static_cast<double>(x[i]) / count;
  }
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const std::size_t feature = static_cast<std::size_t>(i) % features;
    const double difference = static_cast<double>(x[i]) - result.mean[feature];
    result.variance[feature] += difference * difference / count;
  }
  for (double& variance : result.variance) variance = variance > 1e-12 ? variance : 1;
  return result;
}

bool standard(const Moments& m) {
  constexpr double kOff = 0.3;  // in deviations
  constexpr double kLowest = 0.25;
  constexpr double kHighest = 4;
  for (std::size_t i = 0; i < m.mean.size(); ++i) {
    if (std::abs(m.mean[i]) > kOff || m.variance[i] < kLowest || m.variance[i] > kHighest) return false;
  }
  return true;
}

// Six digits are enough for a scale, and are what a reader of the model can bear.
Json rounded(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(std::stod(fmt::format("{:.6g}", value)));
  return list;
}

Treatment apply(const Case& c) {
  const Model& model = c.recipe.model;
  const std::vector<std::string> inputs = input_names(model);
  if (inputs.size() != 1) return Refusal{"the model has several inputs"};
  for (const Layer* first : consumers(model, inputs.front())) {
    if (first->type == "Normalization" || first->type == "Rescaling") {
      return Refusal{fmt::format("'{}' scales the inputs already", first->name)};
    }
    if (first->type == "Embedding") return Refusal{"the inputs are numbers of words, which have no scale"};
  }
  const Moments found = moments(c.data.x);
  if (standard(found)) return Refusal{"the inputs have means near 0 and variances near 1 already"};
  const auto layers = all_layers();
  const bool normalizes =
      std::any_of(layers.begin(), layers.end(), [](const LayerType* type) { return type->id == "Normalization"; });
  Treated treated{.recipe = c.recipe};
  Layer scaling;
  constexpr std::size_t kMostFeatures = 256;  // beyond that one number for all: pixels
  if (normalizes && found.mean.size() <= kMostFeatures) {
    scaling =
        layer("Normalization", {{"axis", -1}, {"mean", rounded(found.mean)}, {"variance", rounded(found.variance)}});
    treated.change =
        fmt::format("inputs normalized, {} feature{}", found.mean.size(), found.mean.size() == 1 ? "" : "s");
  } else {
    double mean = 0;
    double square = 0;
    for (std::size_t i = 0; i < found.mean.size(); ++i) {
      mean += found.mean[i] / static_cast<double>(found.mean.size());
      square += (found.variance[i] + found.mean[i] * found.mean[i]) / static_cast<double>(found.mean.size());
    }
    const double scale = std::stod(fmt::format("{:.4g}", 1 / std::sqrt(std::max(square - mean * mean, 1e-12))));
    const double offset = std::stod(fmt::format("{:.4g}", -mean * scale));
    scaling = layer("Rescaling", {{"scale", scale}, {"offset", offset}});
    treated.change = fmt::format("inputs scaled by {:g}, then {:+g}", scale, offset);
  }
  insert_after(treated.recipe.model, inputs.front(), std::move(scaling), "input_scaling");
  return treated;
}

}  // namespace

extern const Remedy input_scaling;
constinit const Remedy input_scaling{
    .id = "input_scaling",
    .kind = RemedyKind::data,
    .summary = "A layer that brings the inputs to mean 0 and variance 1",
    .effect = "the signal that initializers and learning rates are made for, and directions alike",
    .treats = "input slow dead diverging",
    .cost = 2,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
