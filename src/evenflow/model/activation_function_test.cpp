#include "evenflow/model/activation_function.h"

#include <gtest/gtest.h>

#include "evenflow/base/text.h"
#include "evenflow/model/golden_test.h"

namespace evenflow {
namespace {

TEST(ChooseActivation, AbsentIsLinear) {
  EXPECT_EQ(choose_activation(nullptr).name, "linear");
  EXPECT_EQ(choose_activation("linear").function, find_activation("linear"));
}

TEST(ChooseActivation, EveryNameAndAlias) {
  for (const ActivationFunction* function : all_activations()) {
    EXPECT_EQ(choose_activation(std::string(function->id)).function, function);
    const std::string_view other = function->alias.empty() ? function->id : function->alias;
    EXPECT_EQ(choose_activation(std::string(other)).function, function);
    EXPECT_EQ(std::string(function->kernel.name), function->id);
  }
  EXPECT_EQ(choose_activation("swish").name, "silu");
  EXPECT_EQ(choose_activation("hard_swish").name, "hard_silu");
}

TEST(ChooseActivation, SerializedFunctionsAndLayers) {
  const auto parse = [](const char* text) { return choose_activation(Json::parse(text)); };
  EXPECT_EQ(parse(R"({"class_name": "function", "config": "tanh", "registered_name": "tanh"})").name, "tanh");
  EXPECT_FLOAT_EQ(parse(R"({"class_name": "LeakyReLU", "config": {"alpha": 0.1}})").parameters.values[0], 0.1f);
  EXPECT_FLOAT_EQ(parse(R"({"class_name": "LeakyReLU", "config": {"negative_slope": 0.05}})").parameters.values[0],
                  0.05f);
  EXPECT_FLOAT_EQ(parse(R"({"class_name": "LeakyReLU", "config": {}})").parameters.values[0], 0.3f);
  EXPECT_FLOAT_EQ(choose_activation("leaky_relu").parameters.values[0], 0.2f);  // the function's default is another
  const ActivationChoice relu = parse(R"({"class_name": "ReLU", "config": {"max_value": 6.0, "negative_slope": 0.1}})");
  EXPECT_EQ(relu.name, "relu");
  EXPECT_FLOAT_EQ(relu.parameters.values[0], 0.1f);
  EXPECT_FLOAT_EQ(relu.parameters.values[1], 6.0f);
  EXPECT_EQ(parse(R"({"class_name": "Softmax", "config": {"axis": -1}})").name, "softmax");
}

TEST(ChooseActivation, HardSigmoidDependsOnTheVersionOfKeras) {
  EXPECT_EQ(choose_activation("hard_sigmoid", 3).function->f(1, {}), 1 / 6.0 + 0.5);
  EXPECT_NEAR(choose_activation("hard_sigmoid", 2).function->f(1, {}), 0.7, 1e-7);
}

TEST(ChooseActivation, RowWiseFunctionsHaveNoElementWiseOne) {
  for (const char* name : {"softmax", "log_softmax"}) {
    const ActivationChoice choice = choose_activation(name);
    EXPECT_TRUE(choice.row_wise);
    EXPECT_EQ(choice.function, nullptr);
    EXPECT_EQ(choice.name, name);
  }
}

TEST(ChooseActivation, ErrorsSayWhatWouldBeRight) {
  const auto error = [](const Json& config) { return error_of([&] { choose_activation(config); }); };
  EXPECT_EQ(error("sigmod"), "unknown activation 'sigmod'; did you mean 'sigmoid'?");
  EXPECT_NE(error("glu").find("glu"), std::string::npos);
  EXPECT_NE(error("sparsemax").find("sparsemax"), std::string::npos);
  EXPECT_NE(error("no_such_thing_at_all").find("known are"), std::string::npos);
  EXPECT_NE(error(3).find("not 3"), std::string::npos);
  EXPECT_NE(error(Json::parse(R"({"class_name": "ReLU", "config": {"max_value": "6"}})"))
                .find("'max_value' must be a number"),
            std::string::npos);
  EXPECT_NE(error(Json::parse(R"({"class_name": "elu", "config": {"alpha": -1.0}})")).find("below 0"),
            std::string::npos);
}

}  // namespace
}  // namespace evenflow
