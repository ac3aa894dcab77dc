// Whole models that real Keras made, trained for five steps: losses and metrics are Keras's (tests/golden/
// make_whole_models.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "evenflow/model/golden_test.h"
#include "evenflow/train.h"

namespace evenflow {
namespace {

constexpr std::int64_t kSamples = 8;

Shape batched(const Shape& sample) {
  return concatenate(Shape{kSamples}, sample);
}

Tensor ids(const Json& rows) {
  const auto values = rows.get<std::vector<std::vector<float>>>();
  Tensor result({kSamples, static_cast<std::int64_t>(values[0].size())});
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::copy(values[i].begin(), values[i].end(), result.data() + i * values[i].size());
  }
  return result;
}

// 1 at the largest element of each row.
Tensor one_hot(const Tensor& rows) {
  Tensor result(rows.shape());
  const std::int64_t width = rows.shape().back();
  for (std::int64_t r = 0; r < rows.count() / width; ++r) {
    const float* const row = rows.data() + r * width;
    result[r * width + (std::max_element(row, row + width) - row)] = 1;
  }
  return result;
}

class WholeModel : public testing::TestWithParam<int> {};

TEST_P(WholeModel, TrainsToKerasNumbers) {
  const Json golden = read_golden("whole_models.json")[static_cast<std::size_t>(GetParam())];
  const std::string name = golden["name"].get<std::string>();
  SCOPED_TRACE(name);
  Network network = Network::load(std::string(EVENFLOW_SOURCE_DIR) + "/tests/golden/keras/whole_" + name + ".keras");
  std::vector<Tensor> x;
  std::vector<Tensor> y;
  for (const Shape& shape : input_shapes(network.model())) {
    x.push_back(golden.contains("x") ? ids(golden["x"][x.size()])
                                     : golden_tensor(batched(shape), 0.7 * static_cast<double>(x.size())));
  }
  for (const Shape& shape : output_shapes(network.model())) {
    const Tensor target = golden_tensor(batched(shape), 3.0 + static_cast<double>(y.size()));
    y.push_back(golden["one_hot"][y.size()].get<bool>() ? one_hot(target) : target);
  }
  const History history = network.fit(x, y, {.epochs = 5, .batch_size = kSamples, .shuffle = false});
  for (std::size_t step = 0; step < 5; ++step) {
    for (const auto& [key, value] : golden["steps"][step].items()) {
      double ours = std::nan("");
      for (const auto& [log, number] : history.epochs[step].logs) {
        if (log == key) ours = number;
      }
      const double keras = value.get<double>();
      EXPECT_NEAR(ours, keras, 1e-4 * std::abs(keras) + 1e-7) << key << " of step " << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, WholeModel, testing::Range(0, 6));

}  // namespace
}  // namespace evenflow
