// Models beyond a chain of layers: shared layers, models inside of models, several inputs and outputs, open axes.
#include <gtest/gtest.h>

#include "evenflow/error.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/lowering.h"

namespace evenflow {
namespace {

Layer named(Layer layer, const std::string& name, std::vector<LayerOutput> inputs) {
  layer.name = name;
  layer.inputs = std::move(inputs);
  return layer;
}

std::vector<std::string> names_of(const std::vector<ParameterInfo>& parameters) {
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : parameters) names.push_back(parameter.name);
  return names;
}

// Two inputs through the same layer, then added and as they are.
Model twins() {
  Layer second = named(Dense{3, "tanh"}, "encode_1", {"b"});
  second.shares = "encode";
  return {.name = "twins",
          .layers = {named(Input{{4}}, "a", {}), named(Input{{4}}, "b", {}), named(Dense{3, "tanh"}, "encode", {"a"}),
                     second, named(layer("Add"), "sum", {"encode", "encode_1"})},
          .outputs = {"sum", "encode_1"},
          .sequential = false};
}

Tensor output(const Model& model, std::vector<Tensor> x, std::size_t index = 0) {
  Weights weights = initialize(model, 3);
  LoweringOptions options{.batch = x[0].shape()[0]};
  for (const Tensor& input : x) options.samples.push_back(input.shape().slice(1, input.shape().rank()));
  Program program = compile_with(lower(model, options).graph, weights);
  for (std::size_t i = 0; i < x.size(); ++i) copy_to(program.input(input_name(i)), x[i]);
  program.run();
  const Buffer prediction = program.output(output_name(index));
  return Tensor(prediction.type.shape, std::span(prediction.f32(), prediction.count()));
}

TEST(SharedLayer, HasItsWeightsOnce) {
  EXPECT_EQ(names_of(parameters(twins())), (std::vector<std::string>{"encode/kernel", "encode/bias"}));
}

TEST(SharedLayer, GivesTheSameForTheSameInput) {
  const Tensor x = golden_tensor({2, 4}, 1);
  const Tensor sum = output(twins(), {x, x});
  const Tensor one = output(twins(), {golden_tensor({2, 4}, 2), x}, 1);
  for (std::int64_t i = 0; i < one.count(); ++i) EXPECT_FLOAT_EQ(sum[i], 2 * one[i]);
}

// The gradient of a shared weight is the sum over its calls: the finite difference sees both.
TEST(SharedLayer, ItsGradientIsTheSumOverItsCalls) {
  Model model = twins();
  model.outputs = {"sum"};
  model.compile = CompileSettings{.optimizer = SGD{}, .loss = {"mean_squared_error"}};
  Lowered lowered = lower(model, {.batch = 2});
  const ValueId loss = add_loss(lowered, model, {.targets = {{2, 3}}});
  const ValueId kernel[] = {lowered.graph.parameter("encode/kernel", {4, 3})};
  lowered.graph.output("dk", differentiate(lowered.graph, loss, kernel)[0]);
  Weights weights = initialize(model, 3);
  Program program = compile_with(std::move(lowered.graph), weights);
  copy_to(program.input("x"), golden_tensor({2, 4}, 1));
  copy_to(program.input("x_1"), golden_tensor({2, 4}, 2));
  copy_to(program.input("y"), golden_tensor({2, 3}, 3));
  const auto loss_at = [&](float shift) {
    weights.at("encode/kernel")[5] += shift;
    program.run();
    weights.at("encode/kernel")[5] -= shift;
    return static_cast<double>(*program.output("loss").f32());
  };
  const double numeric = (loss_at(1e-2f) - loss_at(-1e-2f)) / 2e-2;
  program.run();
  EXPECT_NEAR(numbers(program.output("dk"))[5], numeric, 1e-3 * std::abs(numeric) + 1e-5);
}

Model with_inner(bool called_twice) {
  Model inner{.name = "inner",
              .layers = {named(Input{{4}}, "in", {}), named(Dense{4, "relu"}, "one", {"in"}),
                         named(Dense{4, "tanh"}, "two", {"one"})},
              .outputs = {"two"}};
  const Layer call{.type = "Sequential", .name = "block", .config = {{"model", to_json(inner)}}, .inputs = {"x"}};
  Model model{.name = "outer", .layers = {named(Input{{4}}, "x", {}), call}, .outputs = {"block"}, .sequential = false};
  if (called_twice) {
    Layer again = call;
    again.name = "block_1";
    again.shares = "block";
    again.inputs = {"block"};
    model.layers.push_back(again);
    model.outputs = {"block_1"};
  }
  return model;
}

TEST(InnerModel, StandsInItsPlace) {
  const Model flat = flattened(with_inner(false));
  ASSERT_EQ(flat.layers.size(), 3u);
  EXPECT_EQ(flat.layers[1].name, "block/one");
  EXPECT_EQ(flat.layers[1].inputs, std::vector<LayerOutput>{"x"});
  EXPECT_EQ(flat.layers[2].inputs, std::vector<LayerOutput>{"block/one"});
  EXPECT_EQ(flat.outputs, std::vector<LayerOutput>{"block/two"});
  EXPECT_EQ(flattened(flat), flat);
}

TEST(InnerModel, ComputesWhatItsLayersDo) {
  const Tensor x = golden_tensor({3, 4}, 1);
  Model chain = flattened(with_inner(false));
  EXPECT_EQ(output(with_inner(false), {x}), output(chain, {x}));
}

TEST(InnerModel, CalledTwiceSharesItsWeights) {
  const Model model = with_inner(true);
  EXPECT_EQ(names_of(parameters(model)),
            (std::vector<std::string>{"block/one/kernel", "block/one/bias", "block/two/kernel", "block/two/bias"}));
  const Tensor x = golden_tensor({3, 4}, 1);
  const Tensor once = output(with_inner(false), {x});
  EXPECT_EQ(output(model, {x}), output(with_inner(false), {once}));
}

TEST(InnerModel, IsFrozenAsAWhole) {
  Model model = with_inner(false);
  model.layers[1].trainable = false;
  for (const ParameterInfo& parameter : parameters(model)) EXPECT_FALSE(parameter.trainable) << parameter.name;
}

TEST(InnerModel, SurvivesJson) {
  const Model model = with_inner(true);
  EXPECT_EQ(model_from_json(to_json(model)), model);
  EXPECT_EQ(model_from_json(to_json(twins())), twins());
}

TEST(SeveralOutputs, HaveLossesWithWeights) {
  Model model = twins();
  model.compile = CompileSettings{.optimizer = SGD{}};
  model.compile->outputs = {{.loss = {"mean_squared_error"}, .weight = 2.0, .metrics = {{"mae"}}},
                            {.loss = {"mean_absolute_error"}, .weight = 0.5, .metrics = {}}};
  Lowered lowered = lower(model, {.batch = 2});
  add_loss(lowered, model, {.targets = {{2, 3}, {2, 3}}});
  Weights weights = initialize(model, 3);
  Program program = compile_with(std::move(lowered.graph), weights);
  copy_to(program.input("x"), golden_tensor({2, 4}, 1));
  copy_to(program.input("x_1"), golden_tensor({2, 4}, 2));
  copy_to(program.input("y"), golden_tensor({2, 3}, 3));
  copy_to(program.input("y_1"), golden_tensor({2, 3}, 4));
  program.run();
  const auto number = [&](const std::string& name) { return static_cast<double>(*program.output(name).f32()); };
  EXPECT_NEAR(number("loss"), 2.0 * number("metric/sum_loss") + 0.5 * number("metric/encode_1_loss"), 1e-6);
  std::vector<std::string> names;
  for (const LoggedValue& value : logged_values(model)) names.push_back(value.name);
  EXPECT_EQ(names, (std::vector<std::string>{"sum_loss", "encode_1_loss", "sum_mae"}));
  EXPECT_GT(number("metric/sum_mae"), 0);
}

TEST(SampleWeights, WeighTheLossAndNotTheMetrics) {
  Model model = sequential({Input{{3}}, layer("Rescaling", {{"scale", 1.0}})});
  model.compile = CompileSettings{.optimizer = SGD{}, .loss = {"mean_squared_error"}, .metrics = {{"mse"}}};
  Lowered lowered = lower(model, {.batch = 2});
  add_loss(lowered, model, {.targets = {{2, 3}}, .sample_weights = true});
  Weights weights;
  Program program = compile_with(std::move(lowered.graph), weights);
  copy_to(program.input("x"), Tensor({2, 3}, {1, 1, 1, 2, 2, 2}));
  copy_to(program.input("y"), Tensor({2, 3}));
  copy_to(program.input("sample_weight"), Tensor({2}, {3, 0.5}));
  program.run();
  EXPECT_FLOAT_EQ(*program.output("loss").f32(), (3 * 1 + 0.5f * 4) / 2);  // divided by the samples, not the weights
  EXPECT_FLOAT_EQ(*program.output("metric/mse").f32(), 2.5f);
}

TEST(OpenAxes, AreAsLongAsTheData) {
  const Model model = sequential({layer("InputLayer", {{"batch_shape", {nullptr, nullptr, 2}}}), Dense{3}});
  EXPECT_EQ(input_shape(model), (Shape{0, 2}));
  const Shape samples[] = {{7, 2}};
  EXPECT_EQ(output_shapes(model, samples)[0], (Shape{7, 3}));
  EXPECT_EQ(output(model, {golden_tensor({2, 5, 2}, 1)}).shape(), (Shape{2, 5, 3}));
  EXPECT_EQ(error_of([&] {
              lower(model, {.samples = {{7, 3}}});
            }),
            "layer 'input_layer' (InputLayer): takes samples of shape (0, 2), not (7, 3)");
}

TEST(CallArguments, ThatALayerDoesNotKnowAreRefused) {
  Model model = sequential({Input{{2}}, Dense{3}});
  model.layers[1].arguments = {{"mask", nullptr}, {"training", false}};
  EXPECT_EQ(error_of([&] { validate(model); }), "no error");
  model.layers[1].arguments = {{"use_causal_mask", true}};
  EXPECT_NE(error_of([&] { validate(model); }).find("is called with the argument use_causal_mask = true"),
            std::string::npos);
}

// A model that is called with training=False keeps its dropout off while the rest trains.
TEST(CallArguments, TrainingFalseIsForTheWholeInnerModel) {
  Model inner{.name = "inner",
              .layers = {named(Input{{4}}, "in", {}), named(Dropout{0.5}, "drop", {"in"})},
              .outputs = {"drop"}};
  Model model{.name = "outer",
              .layers = {named(Input{{4}}, "x", {}), Layer{.type = "Sequential",
                                                           .name = "block",
                                                           .config = {{"model", to_json(inner)}},
                                                           .inputs = {"x"},
                                                           .arguments = {{"training", false}}}},
              .outputs = {"block"},
              .sequential = false};
  const Lowered frozen = lower(model, {.training = true});
  model.layers[1].arguments = Json::object();
  EXPECT_LT(frozen.graph.nodes().size(), lower(model, {.training = true}).graph.nodes().size());
}

}  // namespace
}  // namespace evenflow
