#include "evenflow/data/test_files.h"

namespace evenflow {
namespace {

using testing::error_of;
using testing::values;
using Lines = std::vector<std::string>;

Model network(std::vector<std::int64_t> input, std::int64_t units, std::string activation, std::string loss) {
  std::vector<Layer> layers = {Input{std::move(input)}};
  layers.push_back(Flatten{});
  layers.push_back(Dense{units, std::move(activation)});
  Model model = sequential(std::move(layers));
  model.compile.emplace();
  model.compile->loss.type = std::move(loss);
  return model;
}

Dataset dataset(Tensor x, Tensor y, std::int64_t classes = 0) {
  return {.name = "test", .x = std::move(x), .y = std::move(y), .classes = classes};
}

std::string complaint(const Dataset& data, const Model& model) {
  return error_of(ErrorKind::input, [&] { fit_to_model(data, model); });
}
#define EXPECT_SAYS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

TEST(FitInputs, AreReshapedWhenTheNumbersKeepTheirPlaces) {
  Lines notes;
  const Tensor pictures({2, 4, 3});
  EXPECT_EQ(fit_to_model(dataset(pictures, {}), network({12}, 1, "linear", "mean_squared_error"), &notes).x.shape(),
            Shape({2, 12}));
  EXPECT_EQ(notes, Lines{"inputs reshaped from (4, 3) to (12)"});
  const Model images = network({4, 3, 1}, 1, "linear", "mean_squared_error");
  EXPECT_EQ(fit_to_model(dataset(pictures, {}), images).x.shape(), Shape({2, 4, 3, 1}));
  EXPECT_EQ(fit_to_model(dataset(Tensor({2, 12}), {}), images).x.shape(), Shape({2, 4, 3, 1}));
  EXPECT_EQ(fit_to_model(dataset(Tensor({5}), {}), network({1}, 1, "linear", "mean_squared_error")).x.shape(),
            Shape({5, 1}));
  EXPECT_SAYS(complaint(dataset(Tensor({2, 3, 4}), {}), images), "takes inputs of shape (4, 3, 1)");
}

TEST(FitInputs, ChannelsFirstBecomesChannelsLast) {
  Lines notes;
  const Tensor x({1, 2, 1, 3}, {1, 2, 3, 4, 5, 6});
  const Dataset data = fit_to_model(dataset(x, {}), network({1, 3, 2}, 1, "linear", "mean_squared_error"), &notes);
  EXPECT_EQ(data.x, Tensor({1, 1, 3, 2}, {1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(notes, Lines{"inputs turned from channels first, (2, 1, 3), to channels last, (1, 3, 2)"});
}

TEST(FitInputs, OfAnotherSizeAreAnErrorWithBothShapes) {
  const Model model = network({64}, 1, "sigmoid", "binary_crossentropy");
  const std::string message = complaint(load_data("circles"), model);
  EXPECT_SAYS(message, "the model takes inputs of shape (64)");
  EXPECT_SAYS(message, "have shape (2)");
  EXPECT_SAYS(message, "gaussian:features=64");
  EXPECT_SAYS(complaint(load_data("blobs:features=3"), model), "blobs:features=64");
}

Model embedding(std::int64_t steps, std::int64_t tokens) {
  return sequential({Input{{steps}}, layer("Embedding", {{"input_dim", tokens}, {"output_dim", 2}}), Flatten{}});
}

TEST(FitInputs, TokensMustBeRowsOfTheEmbedding) {
  const Tensor ids({2, 3}, {0, 1, 2, 4, 3, 0});
  EXPECT_EQ(fit_to_model(dataset(ids, {}), embedding(3, 5)).x, ids);
  EXPECT_SAYS(complaint(dataset(ids, {}), embedding(3, 4)),
              "row 1 (counted from 0) has 4, but layer embedding takes whole numbers from 0 to 3");
  EXPECT_SAYS(complaint(dataset(Tensor({1, 1}, {0.5f}), {}), embedding(1, 4)), "has 0.5");
  EXPECT_SAYS(complaint(dataset(Tensor({1, 1}, {-1}), {}), embedding(1, 4)), "has -1");
  Dataset words = dataset(Tensor({1, 2}, {0, 1}), {});
  words.vocabulary = {"", "?", "a", "b"};
  EXPECT_SAYS(complaint(words, embedding(2, 3)), "input_dim is 3");
  EXPECT_SAYS(complaint(words, embedding(2, 3)), "input_dim must be at least 4");
}

TEST(FitInputs, TokensAreOneHotEncodedWhereTheModelWantsIt) {
  Dataset data = dataset(Tensor({1, 2}, {2, 0}), {});
  data.vocabulary = {"a", "b", "c"};
  Lines notes;
  EXPECT_EQ(fit_to_model(data, network({2, 3}, 1, "linear", "mean_squared_error"), &notes).x,
            Tensor({1, 2, 3}, {0, 0, 1, 1, 0, 0}));
  EXPECT_EQ(notes, Lines{"3 tokens one-hot encoded"});
  EXPECT_SAYS(complaint(data, network({2, 2}, 1, "linear", "mean_squared_error")), "takes inputs of shape (2, 2)");
}

TEST(FitInputs, PaddedSequencesTakeTheModelsLength) {
  Dataset data = dataset(Tensor({2, 2}, {1, 2, 3, 0}), {});
  EXPECT_SAYS(complaint(data, embedding(3, 4)), "takes inputs of shape (3)");
  data.padded = true;
  Lines notes;
  EXPECT_EQ(fit_to_model(data, embedding(3, 4), &notes).x, Tensor({2, 3}, {1, 2, 0, 3, 0, 0}));
  EXPECT_EQ(notes, Lines{"sequences filled up with 0 from 2 to 3 steps"});
  EXPECT_EQ(fit_to_model(data, embedding(1, 4)).x, Tensor({2, 1}, {1, 3}));
}

TEST(FitInputs, AnAxisOfAnyLengthTakesTheDatas) {
  Model model = sequential({layer("InputLayer", {{"batch_shape", {nullptr, nullptr, 2}}}),
                            layer("LSTM", {{"units", 3}, {"return_sequences", true}})});
  model.compile.emplace();
  model.compile->loss.type = "mean_squared_error";
  const Dataset data = fit_to_model(dataset(Tensor({4, 7, 2}), Tensor({4, 7, 3})), model);
  EXPECT_EQ(data.x.shape(), Shape({4, 7, 2}));
  EXPECT_EQ(data.y.shape(), Shape({4, 7, 3}));
  EXPECT_SAYS(complaint(dataset(Tensor({4, 7, 3}), Tensor({4, 7, 3})), model), "takes inputs of shape (7, 2)");
}

TEST(FitTargets, LabelsAreOneHotEncodedWhereTheLossWantsIt) {
  const Model model = network({2}, 3, "softmax", "categorical_crossentropy");
  const Tensor encoded({3, 3}, {0, 1, 0, 1, 0, 0, 0, 0, 1});
  for (const Shape& shape : {Shape({3}), Shape({3, 1})}) {
    Lines notes;
    EXPECT_EQ(fit_to_model(dataset(Tensor({3, 2}), Tensor(shape, {1, 0, 2}), 3), model, &notes).y, encoded);
    EXPECT_EQ(notes, Lines{"labels one-hot encoded: 3 classes"});
  }
  Lines notes;
  EXPECT_EQ(fit_to_model(dataset(Tensor({3, 2}), encoded), model, &notes).y, encoded);
  EXPECT_TRUE(notes.empty());
  EXPECT_EQ(
      fit_to_model(dataset(Tensor({3, 2}), Tensor({3}, {1, 0, 2})), network({2}, 3, "linear", "mean_squared_error")).y,
      encoded);
}

TEST(FitTargets, SparseLossesTakeClassNumbers) {
  const Model model = network({2}, 3, "softmax", "sparse_categorical_crossentropy");
  const Tensor labels({3}, {1, 0, 2});
  EXPECT_EQ(fit_to_model(dataset(Tensor({3, 2}), labels), model).y, labels);
  EXPECT_EQ(fit_to_model(dataset(Tensor({3, 2}), labels.reshaped({3, 1})), model).y, labels);
  Lines notes;
  const Tensor encoded({3, 3}, {0, 1, 0, 1, 0, 0, 0, 0, 1});
  EXPECT_EQ(fit_to_model(dataset(Tensor({3, 2}), encoded), model, &notes).y, labels);
  EXPECT_EQ(notes, Lines{"one-hot targets turned into class numbers: 3 classes"});
  EXPECT_SAYS(complaint(dataset(Tensor({3, 2}), Tensor({3, 3}, 0.5f)), model), "targets of shape (3) do not fit");
}

TEST(FitTargets, LabelsWithoutAUnitAreNamed) {
  for (const char* loss : {"sparse_categorical_crossentropy", "categorical_crossentropy"}) {
    const Model model = network({2}, 3, "softmax", loss);
    const std::string message = complaint(dataset(Tensor({4, 2}), Tensor({4}, {0, 2, 3, 4}), 5), model);
    EXPECT_SAYS(message, "row 2 (counted from 0) has label 3, but the model has 3 outputs");
    EXPECT_SAYS(complaint(dataset(Tensor({2, 2}), Tensor({2}, {0, -1})), model), "row 1 (counted from 0) has label -1");
  }
  EXPECT_SAYS(complaint(dataset(Tensor({2, 2}), Tensor({2}, {0, 0.5f})),
                        network({2}, 3, "softmax", "sparse_categorical_crossentropy")),
              "label 0.5");
  // Fewer classes than outputs are allowed.
  EXPECT_NO_THROW(fit_to_model(load_data("circles"), network({2}, 3, "softmax", "sparse_categorical_crossentropy")));
}

TEST(FitTargets, OneSigmoidUnitTakesZeroAndOne) {
  const Model model = network({2}, 1, "sigmoid", "binary_crossentropy");
  Lines notes;
  const Dataset circles = fit_to_model(load_data("circles:samples=10"), model, &notes);
  EXPECT_EQ(circles.y.shape(), Shape({10, 1}));
  EXPECT_EQ(notes, Lines{});
  EXPECT_EQ(fit_to_model(dataset(Tensor({2, 2}), Tensor({2, 2}, {1, 0, 0, 1})), model).y, Tensor({2, 1}, {0, 1}));
  EXPECT_EQ(fit_to_model(dataset(Tensor({2, 2}), Tensor({2}, {0.25f, 1})), model).y, Tensor({2, 1}, {0.25f, 1}));
  EXPECT_SAYS(complaint(load_data("blobs:centers=3"), model),
              "row 2 (counted from 0) has label 2, but the model has 1 output and");
}

TEST(FitTargets, OneLinearUnitTakesNumbersAsTheyAre) {
  const Model model = network({2}, 1, "linear", "mean_squared_error");
  EXPECT_EQ(values(fit_to_model(load_data("blobs:samples=3"), model).y), (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(fit_to_model(dataset(Tensor({2, 2}), Tensor({2}, {-3.5f, 7})), model).y, Tensor({2, 1}, {-3.5f, 7}));
}

TEST(FitTargets, OfAnotherShapeAreAnErrorWithBothShapes) {
  const std::string message =
      complaint(dataset(Tensor({2, 2}), Tensor({2, 4})), network({2}, 3, "linear", "mean_squared_error"));
  EXPECT_SAYS(message, "shape (4)");
  EXPECT_SAYS(message, "output (3)");
  EXPECT_SAYS(
      complaint(dataset(Tensor({2, 2}), Tensor({2}, {0.5f, 1})), network({2}, 3, "linear", "mean_squared_error")),
      "targets of shape ()");
  EXPECT_SAYS(complaint(dataset(Tensor({2, 2}), Tensor({3})), network({2}, 1, "linear", "mean_squared_error")),
              "2 inputs but 3 targets");
}

TEST(FitTargets, AbsentTargetsAndLossesAreLeftAlone) {
  EXPECT_TRUE(
      fit_to_model(load_data("gaussian:features=2"), network({2}, 3, "softmax", "categorical_crossentropy")).y.empty());
  Model model = network({2}, 3, "softmax", "categorical_crossentropy");
  model.compile.reset();
  EXPECT_EQ(fit_to_model(load_data("blobs:samples=4"), model).y.shape(), Shape({4}));
}

TEST(FitToModel, TheTestPartIsTreatedTheSame) {
  Dataset data = dataset(Tensor({3, 2, 2}), Tensor({3}, {1, 0, 2}), 3);
  data.x_test = Tensor({1, 2, 2});
  data.y_test = Tensor({1}, {2});
  Lines notes;
  const Dataset fitted = fit_to_model(data, network({4}, 3, "softmax", "categorical_crossentropy"), &notes);
  EXPECT_EQ(fitted.x_test.shape(), Shape({1, 4}));
  EXPECT_EQ(fitted.y_test, Tensor({1, 3}, {0, 0, 1}));
  EXPECT_EQ(notes.size(), 2u) << "each conversion is noted once";
  data.y_test = Tensor({1}, {3});
  EXPECT_SAYS(complaint(data, network({4}, 3, "softmax", "categorical_crossentropy")), "test (test part): row 0");
}

}  // namespace
}  // namespace evenflow
