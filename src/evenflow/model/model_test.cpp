#include "evenflow/model.h"

#include <gtest/gtest.h>

#include "evenflow/error.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/initializer_type.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

Model digits() {
  Model model = sequential(
      {Input{{8, 8, 1}}, Conv2D{4, {3}, {1, 1}, "same", "relu", "he_normal"}, BatchNormalization{.momentum = 0.9},
       MaxPooling2D{}, Flatten{}, Dropout{0.25}, Dense{10, "softmax", "he_uniform"}},
      "digits");
  model.compile = CompileSettings{.optimizer = Adam{.learning_rate = 0.01, .clipnorm = 1.0},
                                  .loss = {"categorical_crossentropy", {{"label_smoothing", 0.1}}},
                                  .metrics = {{"accuracy"}, {"MeanAbsoluteError", {{"name", "mae"}}}}};
  return model;
}

std::vector<std::string> layer_names(const Model& model) {
  std::vector<std::string> names;
  for (const Layer& layer : model.layers) names.push_back(layer.name);
  return names;
}

TEST(Model, FindsLayersByName) {
  Model model = digits();
  ASSERT_NE(model.find("dense"), nullptr);
  EXPECT_EQ(model.find("dense")->type, "Dense");
  model.find("dense")->trainable = false;
  EXPECT_FALSE(model.layers.back().trainable);
  EXPECT_EQ(model.find("dense_1"), nullptr);
}

TEST(Model, SurvivesItsJsonForm) {
  Model model = digits();
  EXPECT_EQ(model_from_json(Json::parse(to_json(model).dump())), model);
  model.compile.reset();
  model.sequential = false;
  model.layers[2].trainable = false;
  model.cross_entropy = CrossEntropyPath::clipped;
  model.keras = {2, 3};
  EXPECT_EQ(model_from_json(Json::parse(to_json(model).dump())), model);
}

TEST(Model, JsonFormsThatAreNotModelsAreRefused) {
  EXPECT_THROW(model_from_json(Json()), Error);
  const Json whole = to_json(digits());
  for (const auto& [key, value] : whole.items()) {
    Json missing = whole;
    missing.erase(key);
    EXPECT_NE(error_of([&] { model_from_json(missing); }).find("model: "), std::string::npos) << key;
    Json wrong = whole;
    wrong[key] = 7;
    EXPECT_NE(error_of([&] { model_from_json(wrong); }).find("model: "), std::string::npos) << key;
  }
  Json path = whole;
  path["cross_entropy"] = "exact";
  EXPECT_EQ(error_of([&] { model_from_json(path); }), "model: cross_entropy must be fused or clipped, not 'exact'");
}

TEST(Model, ListsParametersInTheOrderOfKeras) {
  std::vector<std::string> names;
  std::vector<std::string> frozen;
  for (const ParameterInfo& parameter : parameters(digits())) {
    names.push_back(parameter.name);
    if (!parameter.trainable) frozen.push_back(parameter.name);
    EXPECT_EQ(parameter.name, parameter.layer + "/" + parameter.variable);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"conv2d/kernel", "conv2d/bias", "batch_normalization/gamma",
                                             "batch_normalization/beta", "batch_normalization/moving_mean",
                                             "batch_normalization/moving_variance", "dense/kernel", "dense/bias"}));
  EXPECT_EQ(frozen,
            (std::vector<std::string>{"batch_normalization/moving_mean", "batch_normalization/moving_variance"}));
}

TEST(Model, ParametersKnowShapeInitializerAndRegularizer) {
  Model model = digits();
  model.find("dense")->config["kernel_regularizer"] = {{"class_name", "L2"}, {"config", {{"l2", 0.5}}}};
  const std::vector<ParameterInfo> all = parameters(model);
  EXPECT_EQ(all[0].shape, (Shape{3, 3, 1, 4}));
  EXPECT_EQ(all[0].initializer.type, "HeNormal");
  EXPECT_TRUE(all[0].regularizer.type.empty());
  EXPECT_EQ(all[5].initializer.type, "Ones");
  EXPECT_EQ(all[6].shape, (Shape{64, 10}));
  EXPECT_EQ(all[6].initializer.type, "HeUniform");
  EXPECT_EQ(all[6].regularizer, (Item{"L2", {{"l2", 0.5}}}));
  EXPECT_EQ(all[7].initializer.type, "Zeros");
}

TEST(Model, CountsAndShapes) {
  EXPECT_EQ(parameter_count(digits()), 9 * 4 + 4 + 4 * 4 + 64 * 10 + 10);
  EXPECT_EQ(input_shape(digits()), (Shape{8, 8, 1}));
  EXPECT_EQ(output_shape(digits()), (Shape{10}));
}

TEST(Initialize, IsAFunctionOfModelAndSeed) {
  const Weights first = initialize(digits(), 1);
  EXPECT_EQ(first, initialize(digits(), 1));
  EXPECT_NE(first, initialize(digits(), 2));
  ASSERT_EQ(first.size(), 8u);
  EXPECT_EQ(first.entries()[0].first, "conv2d/kernel");
  EXPECT_EQ(first.at("batch_normalization/gamma"), Tensor(Shape{4}, 1.0f));
  EXPECT_EQ(first.at("batch_normalization/moving_mean"), Tensor(Shape{4}, 0.0f));
}

TEST(Initialize, DrawsEachParameterFromItsOwnStream) {
  const Weights shallow = initialize(sequential({Input{{6}}, Dense{6}, Dense{6}}), 5);
  const Weights deep = initialize(sequential({Input{{6}}, Dense{6}, Dense{6}, Dense{6}}), 5);
  EXPECT_EQ(shallow.at("dense_1/kernel"), deep.at("dense_1/kernel"));
  EXPECT_NE(shallow.at("dense/kernel"), shallow.at("dense_1/kernel"));
}

TEST(Initialize, HasTheSpreadOfTheInitializer) {
  const Tensor kernel = initialize(sequential({Input{{200}}, Dense{100, "relu", "he_normal"}}), 3).at("dense/kernel");
  double squares = 0;
  for (const float w : kernel.values()) squares += static_cast<double>(w) * static_cast<double>(w);
  EXPECT_NEAR(squares / 20000, 2.0 / 200, 0.05 * 2.0 / 200);
}

TEST(Weights, KeepTheirOrderAndAreFoundByName) {
  Weights weights;
  weights.set("b", Tensor(Shape{2}, 1.0f));
  weights.set("a", Tensor(Shape{3}, 2.0f));
  weights.set("b", Tensor(Shape{1}, 3.0f));
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_EQ(weights.entries()[0].first, "b");
  EXPECT_EQ(weights.at("b"), Tensor(Shape{1}, 3.0f));
  EXPECT_EQ(weights.find("c"), nullptr);
  weights.at("a")[0] = 7;
  EXPECT_EQ((*weights.find("a"))[0], 7);
}

TEST(Weights, NameTheNearestWhenOneIsMissing) {
  Weights weights;
  weights.set("dense/kernel", Tensor(Shape{2}));
  EXPECT_EQ(error_of([&] { weights.at("dense/kernl"); }),
            "there is no tensor 'dense/kernl'; did you mean 'dense/kernel'?");
}

TEST(Sequential, NamesLayersAsKerasDoes) {
  EXPECT_EQ(layer_names(sequential({Input{{8, 8, 1}}, Conv2D{2, {3, 3}}, Conv2D{2, {3, 3}}, layer("PReLU"), Flatten{},
                                    Dense{4}, Dense{4}, layer("LeakyReLU"), Dense{2}})),
            (std::vector<std::string>{"input_layer", "conv2d", "conv2d_1", "p_re_lu", "flatten", "dense", "dense_1",
                                      "leaky_re_lu", "dense_2"}));
}

TEST(Sequential, KeepsGivenNamesAndAvoidsThem) {
  Dense named{4};
  named.name = "dense";
  EXPECT_EQ(layer_names(sequential({Input{{3}}, Dense{4}, named, layer("Dense", {{"units", 2}, {"name", "out"}})})),
            (std::vector<std::string>{"input_layer", "dense_1", "dense", "out"}));
  EXPECT_EQ(error_of([&] {
              sequential({Input{{3}}, named, named});
            }),
            "two layers have the name 'dense'; names must differ");
}

TEST(Sequential, ChainsTheLayers) {
  const Model model = digits();
  EXPECT_EQ(model.name, "digits");
  EXPECT_TRUE(model.sequential);
  EXPECT_TRUE(model.layers[0].inputs.empty());
  for (std::size_t i = 1; i < model.layers.size(); ++i)
    EXPECT_EQ(model.layers[i].inputs, std::vector<LayerOutput>{model.layers[i - 1].name});
  EXPECT_EQ(model.outputs, std::vector<LayerOutput>{"dense"});
}

TEST(Sequential, RefusesWhatDoesNotFitTogether) {
  EXPECT_EQ(error_of([] { sequential({}); }),
            "a sequential model begins with Input, which gives the shape of a sample");
  EXPECT_EQ(error_of([] { sequential({Dense{3}}); }),
            "a sequential model begins with Input, which gives the shape of a sample");
  EXPECT_EQ(
      error_of([] {
        sequential({Input{{16}}, Dense{3}, Conv2D{2, {3}}});
      }),
      "layer 'conv2d' (Conv2D): expects images (None, height, width, channels), but its input has shape (None, 3)");
  EXPECT_EQ(error_of([] {
              sequential({Input{{16}}, Dense{3, "rleu"}});
            }).rfind("layer 'dense' (Dense): activation: unknown activation 'rleu'", 0),
            0u);
}

TEST(Sequential, LayersAsInCode) {
  const Layer conv = Conv2D{8, {3}, {2, 2}, "same", "relu", "he_normal", false};
  EXPECT_EQ(conv.config, Json({{"filters", 8},
                               {"kernel_size", {3, 3}},
                               {"strides", {2, 2}},
                               {"padding", "same"},
                               {"activation", "relu"},
                               {"use_bias", false},
                               {"kernel_initializer", "he_normal"}}));
  const Layer input = Input{{28, 28, 1}};
  EXPECT_EQ(input.config, Json::parse(R"({"batch_shape": [null, 28, 28, 1]})"));
  const Layer one_feature = Input{{1}};
  EXPECT_EQ(one_feature.config, Json::parse(R"({"batch_shape": [null, 1]})"));
  const Layer dropout = Dropout{0.5};
  EXPECT_EQ(dropout.config, Json::parse(R"({"rate": 0.5})"));
  const Layer activation = Activation{"tanh"};
  EXPECT_EQ(activation.config, Json::parse(R"({"activation": "tanh"})"));
}

TEST(Optimizers, AreItemsInTheKeysOfKeras) {
  const Item sgd = SGD{.learning_rate = 0.1, .momentum = 0.9, .global_clipnorm = 2.0};
  EXPECT_EQ(sgd.type, "SGD");
  EXPECT_EQ(sgd.config,
            Json::parse(R"({"learning_rate": 0.1, "momentum": 0.9, "nesterov": false, "global_clipnorm": 2.0})"));
  for (const Item& item : {Item(SGD{}), Item(Adam{}), Item(AdamW{}), Item(RMSprop{}), Item(Adagrad{})}) {
    const Item complete = choose_optimizer(Json{{"class_name", item.type}, {"config", item.config}});
    const Item standard = choose_optimizer(item.type);
    EXPECT_EQ(complete, standard) << "the defaults of " << item.type << " in model.h are not Keras's";
  }
  EXPECT_EQ(clipping(choose_optimizer(Json{{"class_name", sgd.type}, {"config", sgd.config}})).kind,
            Clipping::Kind::global_norm);
}

}  // namespace
}  // namespace evenflow
