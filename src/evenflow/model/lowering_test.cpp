#include "evenflow/model/lowering.h"

#include <gtest/gtest.h>

#include <numeric>

#include "evenflow/error.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/regularizer.h"

namespace evenflow {
namespace {

Model compiled(std::vector<Layer> layers, const std::string& loss, std::vector<std::string> metrics = {}) {
  Model model = sequential(std::move(layers));
  model.compile = CompileSettings{.optimizer = SGD{}, .loss = {loss}};
  for (const std::string& metric : metrics) model.compile->metrics.push_back({metric});
  return model;
}

// Loss and metrics of a model whose weights are golden, on golden inputs.
struct Evaluated {
  double loss = 0;
  std::vector<double> metrics;
  std::vector<double> input_gradient;
  std::vector<double> prediction;
};

Evaluated evaluate(const Model& model, const Tensor& x, const Tensor& y, double weight_factor = 1.0,
                   bool training = false) {
  Lowered lowered = lower(model, {.batch = x.shape()[0], .training = training});
  const ValueId loss = add_loss(lowered, model, {.targets = {y.shape()}});
  const ValueId wrt[] = {lowered.inputs[0]};
  lowered.graph.output("dx", differentiate(lowered.graph, loss, wrt)[0]);
  Weights weights;
  for (std::size_t j = 0; j < lowered.parameters.size(); ++j) {
    const ParameterInfo& parameter = lowered.parameters[j];
    weights.set(parameter.name, golden_weight(parameter.variable, parameter.shape, j, weight_factor));
  }
  Program program = compile_with(std::move(lowered.graph), weights);
  copy_to(program.input("x"), x);
  copy_to(program.input("y"), y);
  program.run();
  Evaluated result{.loss = numbers(program.output("loss"))[0],
                   .input_gradient = numbers(program.output("dx")),
                   .prediction = numbers(program.output("prediction"))};
  for (const LoggedValue& value : logged_values(model)) {
    result.metrics.push_back(numbers(program.output("metric/" + value.name))[0]);
  }
  return result;
}

// x is the logits: the gradient of the loss by it is what cross-entropy is about.
Model classifier(const std::string& activation, const std::string& loss, std::int64_t classes = 3) {
  return compiled({Input{{classes}}, Activation{activation}}, loss);
}

const Tensor kOneHot({2, 3}, {0, 0, 1, 1, 0, 0});
const Tensor kClasses({2}, {2, 0});
const Tensor kLogits({2, 3}, {0.5f, -1.0f, 2.0f, 0.0f, 0.3f, -0.2f});
const Tensor kConfidentlyWrong({2, 3}, {60, 0, -60, -80, 0, 70});

std::vector<double> softmax_minus_target(const Tensor& z, const Tensor& y) {
  std::vector<double> result;
  for (std::int64_t row = 0; row < z.shape()[0]; ++row) {
    double sum = 0;
    for (int c = 0; c < 3; ++c) sum += std::exp(static_cast<double>(z[3 * row + c]));
    for (int c = 0; c < 3; ++c) {
      const double p = std::exp(static_cast<double>(z[3 * row + c])) / sum;
      result.push_back((p - static_cast<double>(y[3 * row + c])) / static_cast<double>(z.shape()[0]));
    }
  }
  return result;
}

TEST(Lower, NamesOutputsTapsAndParameters) {
  const Model model = sequential({Input{{4}}, Dense{5, "relu"}, Dense{3, "softmax"}});
  const Lowered lowered = lower(model, {.batch = 7});
  EXPECT_EQ(lowered.graph.shape(lowered.inputs[0]), (Shape{7, 4}));
  EXPECT_EQ(lowered.graph.shape(lowered.outputs[0].value), (Shape{7, 3}));
  ASSERT_EQ(lowered.graph.outputs().size(), 1u);
  EXPECT_EQ(lowered.graph.outputs()[0].first, "prediction");
  EXPECT_EQ(lowered.graph.outputs()[0].second, lowered.outputs[0].value);
  ASSERT_EQ(lowered.layers.size(), 3u);
  EXPECT_FALSE(lowered.layers[0].pre_activation);
  EXPECT_EQ(lowered.layers[0].activation.function, nullptr);
  EXPECT_TRUE(lowered.layers[1].pre_activation);
  EXPECT_NE(lowered.layers[1].pre_activation, lowered.layers[1].output);
  EXPECT_EQ(lowered.layers[1].activation.name, "relu");
  EXPECT_EQ(lowered.layers[2].inputs, std::vector{lowered.layers[1].output});
  EXPECT_TRUE(lowered.layers[2].activation.row_wise);
  EXPECT_EQ(lowered.outputs[0].logits, lowered.layers[2].pre_activation);
  ASSERT_EQ(lowered.parameters.size(), 4u);
  EXPECT_EQ(lowered.parameters[2].name, "dense_1/kernel");
  EXPECT_NO_THROW(lowered.graph.verify());
}

TEST(Lower, HasNoLogitsWithoutSoftmaxOrSigmoidAtTheEnd) {
  EXPECT_FALSE(lower(sequential({Input{{4}}, Dense{3, "relu"}}), {}).outputs[0].logits);
  EXPECT_FALSE(lower(sequential({Input{{4}}, Dense{3, "softmax"}, Flatten{}, layer("Rescaling", {{"scale", 2.0}})}), {})
                   .outputs[0]
                   .logits);
  EXPECT_FALSE(lower(sequential({Input{{4, 3}}, layer("Softmax", {{"axis", 1}})}), {}).outputs[0].logits);
  EXPECT_TRUE(lower(sequential({Input{{4}}, Dense{3}, layer("Softmax")}), {}).outputs[0].logits);
  EXPECT_TRUE(lower(sequential({Input{{4}}, Dense{3}, Activation{"sigmoid"}}), {}).outputs[0].logits);
}

TEST(Lower, BuildsBranches) {
  Model model{.layers = {Input{{4}}, Dense{4, "relu"}, layer("Add")}, .outputs = {"sum"}, .sequential = false};
  model.layers[0].name = "in";
  model.layers[1].name = "branch";
  model.layers[1].inputs = {"in"};
  model.layers[2].name = "sum";
  model.layers[2].inputs = {"branch", "in"};
  const Lowered lowered = lower(model, {.batch = 2});
  EXPECT_EQ(lowered.layers[2].inputs, (std::vector{lowered.layers[1].output, lowered.inputs[0]}));
}

TEST(Lower, UsesBatchStatisticsAndDropoutOnlyWhileTraining) {
  Model model = compiled({Input{{4}}, BatchNormalization{}, Dropout{0.5}}, "mse");
  const Tensor x = golden_tensor({6, 4}, 0);
  const Tensor y({6, 4});
  const std::vector<double> quiet = evaluate(model, x, y).prediction;
  EXPECT_EQ(std::count(quiet.begin(), quiet.end(), 0.0), 0);
  const std::vector<double> noisy = evaluate(model, x, y, 1.0, true).prediction;
  EXPECT_GT(std::count(noisy.begin(), noisy.end(), 0.0), 0);

  model = compiled({Input{{4}}, BatchNormalization{}}, "mse");
  const std::vector<double> inference = evaluate(model, x, y).prediction;
  const std::vector<double> training = evaluate(model, x, y, 1.0, true).prediction;
  EXPECT_NE(inference, training);
  model.layers[1].trainable = false;
  EXPECT_EQ(evaluate(model, x, y, 1.0, true).prediction, inference);
}

TEST(Lower, RefusesWrongConnections) {
  const Model good = sequential({Input{{4}}, Dense{3}, Dense{2}});
  const auto message = [&](const std::function<void(Model&)>& spoil) {
    Model model = good;
    spoil(model);
    return error_of([&] { validate(model); });
  };
  EXPECT_EQ(message([](Model&) {}), "no error");
  EXPECT_EQ(message([](Model& m) { m.layers[2].name = "dense"; }),
            "two layers have the name 'dense'; names must differ");
  EXPECT_EQ(
      message([](Model& m) { m.layers[2].inputs = {"dnse"}; }),
      "layer 'dense_1' (Dense): takes its input from 'dnse', which is no layer of the model; did you mean 'dense'?");
  EXPECT_EQ(message([](Model& m) { m.layers[1].inputs = {"dense_1"}; }),
            "layer 'dense' (Dense): takes its input from 'dense_1', which does not stand before it: a cycle, or a "
            "wrong order");
  EXPECT_EQ(message([](Model& m) {
              m.layers[1].inputs = {"dense"};
            }).find("layer 'dense' (Dense): takes its input from 'dense'"),
            0u);
  EXPECT_EQ(message([](Model& m) { m.layers[1].inputs = {}; }), "layer 'dense' (Dense): takes 1 input, not 0");
  EXPECT_EQ(message([](Model& m) {
              m.layers[1].inputs = {"input_layer", "input_layer"};
            }),
            "layer 'dense' (Dense): takes 1 input, not 2");
  EXPECT_EQ(message([](Model& m) { m.layers.erase(m.layers.begin()); }),
            "model 'sequential' has no InputLayer, so the shape of its input is unknown");
  EXPECT_EQ(message([](Model& m) { m.outputs = {}; }), "model 'sequential' has no output");
  EXPECT_EQ(message([](Model& m) { m.outputs = {LayerOutput("dense", 1)}; }),
            "layer 'dense' has 1 output, but output 1 is used");
  EXPECT_EQ(message([](Model& m) { m.layers[2].shares = "nobody"; }),
            "layer 'dense_1' (Dense): shares the weights of 'nobody', which does not stand before it");
  EXPECT_EQ(message([](Model& m) { m.outputs = {"end"}; }), "the output 'end' is no layer of model 'sequential'");
  EXPECT_EQ(message([](Model& m) { m.layers[1].name = ""; }), "layer 1 (Dense) has no name");
  EXPECT_EQ(message([](Model& m) { m.layers[1].type = "Dens"; }),
            "layer 'dense': unknown layer type 'Dens'; did you mean 'Dense'?");
  EXPECT_EQ(message([](Model& m) { m.inputs = {"dense"}; }),
            "the input 'dense' is no InputLayer of model 'sequential'");
}

TEST(Lower, RefusesInputsWithoutAShape) {
  const auto message = [](const Json& config) { return error_of([&] { sequential({layer("InputLayer", config)}); }); };
  EXPECT_EQ(message({{"batch_shape", {nullptr, 3}}}), "no error");
  EXPECT_EQ(message({{"batch_input_shape", {32, 3}}}), "no error");
  EXPECT_EQ(message({{"shape", Json::array({3})}}), "no error");
  EXPECT_EQ(message(Json::object()),
            "layer 'input_layer' (InputLayer): batch_shape must be a list such as [null, 28, 28, 1], not null");
  EXPECT_EQ(message({{"batch_shape", {nullptr, nullptr, 3}}}), "no error");
  EXPECT_NE(message({{"batch_shape", {nullptr, -3}}}).find("must be made of positive integers, not [null,-3]"),
            std::string::npos);
  EXPECT_NE(message({{"batch_shape", {nullptr, 3}}, {"sparse", true}}).find("the key 'sparse' is not supported"),
            std::string::npos);
}

TEST(CrossEntropy, FusedGradientIsPredictionLessTarget) {
  for (const Tensor& z : {kLogits, kConfidentlyWrong}) {
    const Evaluated result = evaluate(classifier("softmax", "categorical_crossentropy"), z, kOneHot);
    const std::vector<double> expected = softmax_minus_target(z, kOneHot);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(result.input_gradient[i], expected[i], 1e-7);
  }
}

TEST(CrossEntropy, FusedLossIsUnboundedAndClippedLossIsNot) {
  Model model = classifier("softmax", "categorical_crossentropy");
  EXPECT_NEAR(evaluate(model, kConfidentlyWrong, kOneHot).loss, (120.0 + 150.0) / 2, 1e-4);
  model.cross_entropy = CrossEntropyPath::clipped;
  const Evaluated clipped = evaluate(model, kConfidentlyWrong, kOneHot);
  EXPECT_NEAR(clipped.loss, -std::log(1e-7), 1e-4);
  EXPECT_EQ(clipped.input_gradient, std::vector<double>(6, 0.0));
}

TEST(CrossEntropy, ClippedPathAgreesWithTheFusedOneWhereNothingIsClipped) {
  Model model = classifier("softmax", "categorical_crossentropy");
  const Evaluated fused = evaluate(model, kLogits, kOneHot);
  model.cross_entropy = CrossEntropyPath::clipped;
  const Evaluated clipped = evaluate(model, kLogits, kOneHot);
  EXPECT_NEAR(fused.loss, clipped.loss, 1e-6);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(fused.input_gradient[i], clipped.input_gradient[i], 1e-6);
}

TEST(CrossEntropy, SparseFusesAsWell) {
  const Evaluated sparse =
      evaluate(classifier("softmax", "sparse_categorical_crossentropy"), kConfidentlyWrong, kClasses);
  const Evaluated dense = evaluate(classifier("softmax", "categorical_crossentropy"), kConfidentlyWrong, kOneHot);
  EXPECT_NEAR(sparse.loss, dense.loss, 1e-4);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(sparse.input_gradient[i], dense.input_gradient[i], 1e-7);
}

TEST(CrossEntropy, SigmoidFusesWithBinaryCrossentropy) {
  const Tensor z({2, 1}, {-50, 3});
  const Tensor y({2, 1}, {1, 0});
  const Evaluated result = evaluate(classifier("sigmoid", "binary_crossentropy", 1), z, y);
  EXPECT_NEAR(result.loss, (50 + 3 + std::log1p(std::exp(-3.0))) / 2, 1e-5);
  EXPECT_NEAR(result.input_gradient[0], (1 / (1 + std::exp(50.0)) - 1) / 2, 1e-7);
  EXPECT_NEAR(result.input_gradient[1], 1 / (1 + std::exp(-3.0)) / 2, 1e-7);
}

TEST(CrossEntropy, DoesNotFuseWithAnotherActivation) {
  // Probabilities of a softmax under binary cross-entropy: Keras's clipped formula on p itself.
  const Evaluated result = evaluate(classifier("softmax", "binary_crossentropy"), kLogits, kOneHot);
  double expected = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const double y = static_cast<double>(kOneHot.values()[i]);
    expected -= (y * std::log(result.prediction[i]) + (1 - y) * std::log(1 - result.prediction[i])) / 6;
  }
  EXPECT_NEAR(result.loss, expected, 1e-5);
}

TEST(CrossEntropy, FromLogitsReadsALinearOutput) {
  Model model = classifier("linear", "categorical_crossentropy");
  model.compile->loss.config["from_logits"] = true;
  const Evaluated result = evaluate(model, kConfidentlyWrong, kOneHot);
  EXPECT_NEAR(result.loss, 135, 1e-4);
  model.cross_entropy = CrossEntropyPath::clipped;  // says how softmax meets the loss, not what from_logits means
  EXPECT_NEAR(evaluate(model, kConfidentlyWrong, kOneHot).loss, 135, 1e-4);
}

TEST(Targets, OfOneAxisFitAColumnOfOutputs) {
  const Model model = compiled({Input{{4}}, Dense{1}}, "mse", {"mae"});
  const Tensor x = golden_tensor({6, 4}, 0);
  const Tensor y = golden_tensor({6}, 3);
  const Evaluated flat = evaluate(model, x, y);
  const Evaluated column = evaluate(model, x, y.reshaped({6, 1}));
  EXPECT_EQ(flat.loss, column.loss);
  EXPECT_EQ(flat.metrics, column.metrics);
  double expected = 0;
  for (std::size_t i = 0; i < 6; ++i)
    expected += std::pow(flat.prediction[i] - static_cast<double>(y.values()[i]), 2) / 6;
  EXPECT_NEAR(flat.loss, expected, 1e-6 * expected);
}

TEST(Targets, LongerByAnAxisOfOneAreSqueezed) {
  const Model model = compiled({Input{{3}}, Dense{4}}, "mse");
  const Tensor x = golden_tensor({5, 3}, 0);
  const Tensor y = golden_tensor({5, 4}, 3);
  EXPECT_EQ(evaluate(model, x, y.reshaped({5, 4, 1})).loss, evaluate(model, x, y).loss);
}

TEST(Targets, ClassIndicesMayHaveOneOrTwoAxes) {
  const Model model = compiled({Input{{4}}, Dense{3, "softmax"}}, "sparse_categorical_crossentropy", {"accuracy"});
  const Tensor x = golden_tensor({4, 4}, 0);
  const Tensor y({4}, {0, 2, 1, 2});
  const Evaluated flat = evaluate(model, x, y);
  const Evaluated column = evaluate(model, x, y.reshaped({4, 1}));
  EXPECT_EQ(flat.loss, column.loss);
  EXPECT_EQ(flat.metrics, column.metrics);
}

TEST(Targets, ThatDoNotFitAreRefusedWithWhatWouldFit) {
  const auto message = [](const std::string& loss, const Shape& target) {
    const Model model = compiled({Input{{4}}, Dense{3, "softmax"}}, loss);
    Lowered lowered = lower(model, {.batch = 6});
    return error_of([&] { add_loss(lowered, model, {.targets = {target}}); });
  };
  EXPECT_EQ(message("mean_squared_error", {6, 5}),
            "loss 'mean_squared_error': the target has shape (None, 5), but the model's output has shape (None, 3); "
            "the target must have the shape (None, 3)");
  EXPECT_EQ(message("mean_squared_error", {6}).find("loss 'mean_squared_error': the target has shape (None,)"), 0u);
  EXPECT_NE(message("categorical_crossentropy", {6}).find("class indices go with sparse_categorical_crossentropy"),
            std::string::npos);
  EXPECT_NE(message("categorical_crossentropy", {6, 1}).find("class indices go with sparse_categorical_crossentropy"),
            std::string::npos);
  EXPECT_NE(message("sparse_categorical_crossentropy", {6, 3}).find("one-hot targets go with categorical_crossentropy"),
            std::string::npos);
  EXPECT_NE(
      message("sparse_categorical_crossentropy", {6, 5}).find("it takes class indices of shape (None,) or (None, 1)"),
      std::string::npos);
  EXPECT_NE(message("mean_squared_error", {5, 3}).find("the target has shape (5, 3), but the input has 6 samples"),
            std::string::npos);
}

TEST(Loss, NeedsCompileSettings) {
  const Model model = sequential({Input{{4}}, Dense{3}});
  Lowered lowered = lower(model, {.batch = 6});
  EXPECT_EQ(error_of([&] {
              add_loss(lowered, model, {.targets = {{6, 3}}});
            }),
            "model 'sequential' has no loss: compile it first");
}

TEST(Loss, Reductions) {
  const Tensor x = golden_tensor({6, 4}, 0);
  const Tensor y = golden_tensor({6, 3}, 7);
  Model model = compiled({Input{{4}}, Dense{3}}, "mean_squared_error");
  const double mean = evaluate(model, x, y).loss;
  model.compile->loss.config["reduction"] = "sum";
  EXPECT_NEAR(evaluate(model, x, y).loss, 6 * mean, 1e-5 * mean);
  model.compile->loss.config["reduction"] = "mean_with_sample_weight";
  EXPECT_NEAR(evaluate(model, x, y).loss, mean, 1e-6 * mean);
  model.compile->loss.config["reduction"] = "none";
  EXPECT_NE(error_of([&] { evaluate(model, x, y); }).find("reduction"), std::string::npos);
}

TEST(Loss, MeanWithSampleWeightDividesByTheWeights) {
  Model model = compiled({Input{{4}}, Dense{3}}, "mean_squared_error");
  const auto loss = [&](const char* reduction) {
    model.compile->loss.config["reduction"] = reduction;
    Lowered lowered = lower(model, {.batch = 6});
    add_loss(lowered, model, {.targets = {{6, 3}}, .sample_weights = true});
    Weights weights;
    std::size_t j = 0;
    for (const ParameterInfo& p : lowered.parameters) weights.set(p.name, golden_weight(p.variable, p.shape, j++));
    Program program = compile_with(std::move(lowered.graph), weights);
    copy_to(program.input("x"), golden_tensor({6, 4}, 0));
    copy_to(program.input("y"), golden_tensor({6, 3}, 7));
    copy_to(program.input("sample_weight"), Tensor({6}, {2, 0, 1, 0.5f, 3, 0}));
    program.run();
    return numbers(program.output("loss"))[0];
  };
  const double sum = loss("sum");
  EXPECT_NEAR(loss("mean_with_sample_weight"), sum / 6.5, 1e-6 * sum);
  EXPECT_NEAR(loss("sum_over_batch_size"), sum / 6, 1e-6 * sum);
}

// Keras 3.15.1 (JAX backend): OrthogonalRegularizer(0.3, mode) of g((4, 3), 1), value and gradient.
TEST(Regularization, Orthogonal) {
  struct Golden {
    const char* mode;
    double value;
    std::vector<double> gradient;
  };
  const Golden goldens[] = {{"rows",
                             0.24215002,
                             {0.0085647888, -0.00040339679, -0.0093169846, -0.014225207, 0.069675118, 0.14414522,
                              -0.053069957, -0.010662243, 0.033188544, -0.0037654936, 0.00040926784, 0.004528638}},
                            {"columns",
                             0.27447513,
                             {0.0067340508, -7.084012e-05, 0.01379361, -0.035409831, -0.0010882858, 0.045224063,
                              -0.038224824, -0.00089700893, 0.02642519, 0.0014156103, 0.00029056519, -0.021723535}}};
  for (const Golden& golden : goldens) {
    Graph graph;
    const ValueId w = graph.parameter("w", {4, 3});
    const Item item = choose_regularizer(
        {{"class_name", "OrthogonalRegularizer"}, {"config", {{"factor", 0.3}, {"mode", golden.mode}}}});
    const ValueId value = penalty(graph, w, item);
    const ValueId wrt[] = {w};
    const ValueId gradient = differentiate(graph, value, wrt)[0];
    graph.output("value", value);
    graph.output("gradient", gradient);
    Weights weights;
    weights.set("w", golden_tensor({4, 3}, 1));
    Program program = compile_with(std::move(graph), weights);
    program.run();
    EXPECT_NEAR(numbers(program.output("value"))[0], golden.value, 1e-6) << golden.mode;
    const std::vector<double> values = numbers(program.output("gradient"));
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(values[i], golden.gradient[i], 1e-6) << golden.mode << " " << i;
  }
  Graph graph;
  EXPECT_EQ(error_of([&] { penalty(graph, graph.parameter("b", {3}), choose_regularizer("orthogonal_regularizer")); }),
            "OrthogonalRegularizer takes 2 axes, not the shape (3)");
}

TEST(Regularization, IsPartOfTheLossForTrainableVariables) {
  const auto net = [](const Json& regularizer, bool trainable = true) {
    Model model = compiled({Input{{4}}, layer("Dense", {{"units", 3}, {"kernel_regularizer", regularizer}})}, "mse");
    model.layers[1].trainable = trainable;
    return model;
  };
  const Tensor x = golden_tensor({6, 4}, 0);
  const Tensor y = golden_tensor({6, 3}, 7);
  double absolute = 0;
  double squares = 0;
  const Tensor kernel = golden_weight("kernel", {4, 3}, 0);
  for (const float w : kernel.values()) {
    absolute += std::abs(static_cast<double>(w));
    squares += static_cast<double>(w) * static_cast<double>(w);
  }
  const double plain = evaluate(net(nullptr), x, y).loss;
  const auto penalty = [&](const Json& regularizer) { return evaluate(net(regularizer), x, y).loss - plain; };
  EXPECT_NEAR(penalty("l2"), 0.01 * squares, 1e-6);
  EXPECT_NEAR(penalty("l1"), 0.01 * absolute, 1e-6);
  EXPECT_NEAR(penalty({{"class_name", "L2"}, {"config", {{"l2", 0.1}}}}), 0.1 * squares, 1e-6);
  EXPECT_NEAR(
      penalty({{"module", "keras.regularizers"}, {"class_name", "L1L2"}, {"config", {{"l1", 0.2}, {"l2", 0.1}}}}),
      0.2 * absolute + 0.1 * squares, 2e-6);
  EXPECT_EQ(evaluate(net("l2", false), x, y).loss, plain);
}

TEST(Regularization, OfActivityIsDividedByTheBatchSize) {
  const auto net = [](const Json& regularizer) {
    return compiled({Input{{4}}, layer("Dense", {{"units", 3}, {"activity_regularizer", regularizer}})}, "mse");
  };
  const Tensor x = golden_tensor({6, 4}, 0);
  const Tensor y = golden_tensor({6, 3}, 7);
  const Evaluated plain = evaluate(net(nullptr), x, y);
  double squares = 0;
  for (const double p : plain.prediction) squares += p * p;
  Model model = net({{"class_name", "L2"}, {"config", {{"l2", 0.1}}}});
  EXPECT_NEAR(evaluate(model, x, y).loss - plain.loss, 0.1 * squares / 6, 1e-6);
  model.keras = {2, 3};
  EXPECT_NEAR(evaluate(model, x, y).loss - plain.loss, 0.1 * squares, 4e-6);
}

TEST(Metrics, AreNamedAsGivenAndDifferently) {
  Model model =
      compiled({Input{{4}}, Dense{3, "softmax"}}, "categorical_crossentropy", {"accuracy", "acc", "mae", "mae"});
  model.compile->metrics.push_back({"TopK", {{"name", "mine"}}});
  std::vector<std::string> names;
  for (const LoggedValue& value : logged_values(model)) names.push_back(value.name);
  EXPECT_EQ(names, (std::vector<std::string>{"accuracy", "acc", "mae", "mae_1", "mine"}));
  EXPECT_TRUE(logged_values(sequential({Input{{4}}, Dense{3}})).empty());
}

TEST(Metrics, RefuseTargetsThatTheyWouldMisread) {
  const auto message = [](const std::string& loss, const std::string& metric, const Shape& target) {
    const Model model = compiled({Input{{4}}, Dense{3, "softmax"}}, loss, {metric});
    Lowered lowered = lower(model, {.batch = 6});
    return error_of([&] { add_loss(lowered, model, {.targets = {target}}); });
  };
  EXPECT_EQ(
      message("sparse_categorical_crossentropy", "mse", {6}),
      "metric 'mse' (mean_squared_error): the target has shape (None,), but the model's output has shape (None, 3); "
      "the target must have the shape (None, 3)");
  EXPECT_EQ(message("sparse_categorical_crossentropy", "categorical_accuracy", {6, 1})
                .rfind("metric 'categorical_accuracy'", 0),
            0u);
  EXPECT_EQ(message("categorical_crossentropy", "sparse_categorical_accuracy", {6, 3})
                .rfind("metric 'sparse_categorical_accuracy'", 0),
            0u);
  EXPECT_EQ(message("categorical_crossentropy", "accuracy", {6, 3}), "no error");
}

TEST(Metrics, AccuracyIsTheShareOfRightClasses) {
  const Tensor z({4, 3}, {3, 1, 0, 0, 3, 1, 0, 1, 3, 3, 1, 0});
  const Tensor classes({4}, {0, 1, 2, 2});
  const Model sparse = compiled({Input{{3}}, Activation{"softmax"}}, "sparse_categorical_crossentropy", {"accuracy"});
  EXPECT_EQ(evaluate(sparse, z, classes).metrics, std::vector<double>{0.75});
  const Tensor one_hot({4, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1});
  const Model dense = compiled({Input{{3}}, Activation{"softmax"}}, "categorical_crossentropy", {"accuracy"});
  EXPECT_EQ(evaluate(dense, z, one_hot).metrics, std::vector<double>{0.75});
  const Model binary = compiled({Input{{1}}, Activation{"sigmoid"}}, "binary_crossentropy", {"accuracy"});
  EXPECT_EQ(evaluate(binary, Tensor({4, 1}, {-1, 2, 3, -4}), Tensor({4}, {0, 1, 0, 0})).metrics,
            std::vector<double>{0.75});
}

}  // namespace
}  // namespace evenflow
