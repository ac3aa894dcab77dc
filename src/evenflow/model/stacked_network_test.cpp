#include "evenflow/model/stacked_network.h"

#include <gtest/gtest.h>

#include "evenflow/base/error_of_test.h"

namespace evenflow {
namespace {

std::vector<std::string> names(const Model& model) {
  std::vector<std::string> all;
  for (const Layer& layer : model.layers) all.push_back(layer.name);
  return all;
}

TEST(StackedNetwork, IsAChainWithKerasNames) {
  const Model model = stacked_network({.input = {28, 28, 1}, .hidden = {8, 4}, .dropout = 0.5, .output = 10});
  EXPECT_TRUE(model.sequential);
  EXPECT_EQ(names(model), (std::vector<std::string>{"input_layer", "flatten", "dense", "dropout", "dense_1",
                                                    "dropout_1", "dense_2"}));
  EXPECT_EQ(output_shape(model), Shape({10}));
  EXPECT_EQ(model, sequential(model.layers));  // what a chain written by hand is
}

TEST(StackedNetwork, ResidualBlocksAddLayersOfOneWidth) {
  const Model model =
      stacked_network({.input = {2}, .hidden = {6, 6, 6, 3}, .normalization = "layer_normalization", .residual = true});
  EXPECT_FALSE(model.sequential);
  const Layer* first = model.find("add");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->inputs, (std::vector<LayerOutput>{"dense", "dense_1"}));
  EXPECT_EQ(model.find("add_1")->inputs, (std::vector<LayerOutput>{"add", "dense_2"}));
  EXPECT_EQ(model.find("add_2"), nullptr);  // from 6 to 3 there is no identity
  EXPECT_EQ(model.find("dense_1")->inputs, std::vector<LayerOutput>{"activation"});
  EXPECT_EQ(model.find("layer_normalization_1")->inputs, std::vector<LayerOutput>{"add"});
}

TEST(StackedNetwork, TokensAndRecurrentLayers) {
  const Model model =
      stacked_network({.input = {20}, .tokens = 50, .embedding = 8, .recurrent = "GRU", .hidden = {6, 5}, .output = 2});
  EXPECT_EQ(names(model), (std::vector<std::string>{"input_layer", "embedding", "gru", "gru_1", "dense"}));
  EXPECT_EQ(model.find("gru")->config["return_sequences"], true);
  EXPECT_EQ(model.find("gru_1")->config["return_sequences"], false);
}

TEST(StackedNetwork, TheWeightsVarianceCanBeChosen) {
  const Model model =
      stacked_network({.input = {400}, .hidden = {400}, .initializer = "variance_scaling", .weight_variance = 4});
  const Weights weights = initialize(model, 1);
  const Tensor& kernel = weights.at("dense/kernel");
  double sum = 0;
  for (const float w : kernel.values()) sum += static_cast<double>(w) * w;
  EXPECT_NEAR(sum / 400, 4, 0.1);  // E[w^2] * fan-in, of 160,000 draws
}

TEST(StackedNetwork, SaysWhatDoesNotGoTogether) {
  const auto message = [](const StackedNetwork& network) { return error_of([&] { stacked_network(network); }); };
  EXPECT_NE(message({.input = {5, 2}, .recurrent = "LSTM"}).find("--hidden"), std::string::npos);
  EXPECT_NE(message({.input = {5, 2}, .recurrent = "LSTM", .hidden = {3}, .residual = true}).find("LSTM"),
            std::string::npos);
  EXPECT_NE(message({.input = {2}, .hidden = {3}, .activation = "rellu"}).find("relu"), std::string::npos);
}

}  // namespace
}  // namespace evenflow
