// Every loss against real Keras and against finite differences, and at the edges of its domain.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/base/text.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/loss_function.h"

namespace evenflow {
namespace {

struct Evaluation {
  double value;
  std::vector<float> gradient;
};

// The mean over rows, as the graph takes it.
Evaluation evaluate(const RowFunction& row, const double* parameters, const Tensor& target, const Tensor& prediction) {
  const auto rows = static_cast<std::size_t>(prediction.shape()[0]);
  const auto width = static_cast<std::size_t>(prediction.shape()[1]);
  const auto target_width = static_cast<std::size_t>(target.shape()[1]);
  Evaluation result{0, std::vector<float>(rows * width)};
  for (std::size_t r = 0; r < rows; ++r) {
    const Row one{target.data() + r * target_width, target_width, prediction.data() + r * width, width, parameters};
    const double value = row.evaluate(one, &result.gradient[r * width]);
    const double again = row.evaluate(one, nullptr);
    EXPECT_TRUE(again == value || (std::isnan(again) && std::isnan(value))) << row.name;
    result.value += value / static_cast<double>(rows);
  }
  for (float& g : result.gradient) g /= static_cast<float>(rows);
  return result;
}

Evaluation evaluate(const Json& loss, const Tensor& target, const Tensor& prediction) {
  const LossChoice choice = loss_choice(choose_loss(loss));
  return evaluate(choice.from_logits ? *choice.function->from_logits : choice.function->row, choice.parameters, target,
                  prediction);
}

Tensor softmax(const Tensor& z) {
  Tensor p(z.shape());
  for (std::int64_t r = 0; r < z.shape()[0]; ++r) {
    double sum = 0;
    for (std::int64_t c = 0; c < 4; ++c) sum += std::exp(static_cast<double>(z[r * 4 + c]));
    for (std::int64_t c = 0; c < 4; ++c)
      p[r * 4 + c] = static_cast<float>(std::exp(static_cast<double>(z[r * 4 + c])) / sum);
  }
  return p;
}

Tensor sigmoid(const Tensor& z) {
  Tensor p(z.shape());
  for (std::int64_t i = 0; i < z.count(); ++i)
    p[i] = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(z[i]))));
  return p;
}

struct Golden {
  const char* loss;
  char prediction;  // 'z': logits, 'p': their softmax, 's': their sigmoid
  double value;
  double gradient[5];  // sum, sum of squares, first three
};

// Keras 3.16.0 (PyTorch backend, float32): z = 3 g((3, 4), 2), one-hot targets of classes 0, 2, 3.
const Golden kGolden[] = {
    {R"("mse")", 'z', 4.00363, {-2.563719, 1.334543, 0.1819722, 0.1954424, 0.0157937}},
    {R"("mae")", 'z', 1.675068, {-0.5, 0.08333334, 0.08333334, 0.08333334, 0.08333334}},
    {R"({"class_name":"Huber","config":{"delta":0.5}})",
     'z',
     0.7193763,
     {-0.2837698, 0.01915958, 0.04166667, 0.04166667, 0.00789685}},
    {R"("log_cosh")", 'z', 1.110689, {-0.4957126, 0.05679136, 0.06646219, 0.0687601, 0.007873297}},
    {R"("msle")", 'p', 0.05652829, {0.0669401, 0.0119542, -0.02070292, 0.02995116, 0.0126479}},
    {R"("kld")", 'p', 0.9002259, {-3.114384, 4.879397, -0.5267272, -1.320627e-07, -3.880633e-07}},
    {R"("poisson")", 'p', 0.4750575, {0.2214053, 0.2585295, -0.04834843, 0.08333334, 0.08333334}},
    {R"("bce")", 's', 0.5888683, {-0.7178187, 3.212458, -0.09362172, 0.3525464, 0.1749498}},
    {R"({"class_name":"BinaryCrossentropy","config":{"from_logits":true,"label_smoothing":0.2}})",
     'z',
     0.6851009,
     {0.02834252, 0.01058364, -0.0008244316, 0.05530204, 0.03530607}},
    {R"("categorical_crossentropy")", 'p', 0.90023, {0.8856199, 4.136476, -0.1933938, 0.3333333, 0.3333333}},
    {R"({"class_name":"CategoricalCrossentropy","config":{"from_logits":true,"label_smoothing":0.1}})",
     'z',
     0.989509,
     {5.937181e-09, 0.1192617, -0.09738711, 0.07580183, 0.02029888}},
    {R"("sparse_categorical_crossentropy")", 'p', 0.90023, {0.8856199, 4.136476, -0.1933938, 0.3333333, 0.3333333}},
    {R"({"class_name":"SparseCategoricalCrossentropy","config":{"from_logits":true}})",
     'z',
     0.9002301,
     {1.955777e-08, 0.1510579, -0.1223871, 0.08413517, 0.02863221}},
    {R"("categorical_hinge")", 'z', 1.529954, {-0.6666667, 0.4444445, -0.3333333, 0.3333333, 0.0}},
    {R"("cosine_similarity")", 'z', -0.1323102, {-0.15992, 0.02012104, -0.04514414, 0.04660659, 0.003766279}},
    // Keras 3.15.1 (JAX backend, float32).
    {R"("mape")", 'p', 1.2861066e+08, {7.5e+08, 6.2500004e+16, -8.333334, 83333336, 83333336}},
    {R"("hinge")", 'z', 0.67881495, {0.16666667, 0.041666669, -0, 0.083333336, 0.083333336}},
    {R"("squared_hinge")", 'z', 1.8463188, {-0.14538373, 0.61543962, -0, 0.36210907, 0.18246037}},
    {R"("binary_focal_crossentropy")", 's', 0.32836303, {-1.5128111, 4.320139, -0.003262802, 0.38914454, 0.11270739}},
    {R"({"class_name":"BinaryFocalCrossentropy","config":{"alpha":0.4,"gamma":1.5,"apply_class_balancing":true,"label_smoothing":0.1}})",
     's',
     0.15698309,
     {-0.3745562, 0.54240511, -0.0051356782, 0.20191281, 0.07045725}},
    {R"("categorical_focal_crossentropy")",
     'p',
     0.11685883,
     {-0.093893416, 0.31028811, -0.016797686, 0.02895247, 0.02895247}},
    {R"({"class_name":"CategoricalFocalCrossentropy","config":{"alpha":0.4,"gamma":1.5,"label_smoothing":0.1}})",
     'p',
     0.24835841,
     {-0.32063562, 0.63352125, -0.023478769, 0.056680847, 0.025519725}},
    {R"({"class_name":"CategoricalCrossentropy","config":{"label_smoothing":0.1}})",
     'p',
     0.98950893,
     {0.22189914, 3.1534365, -0.1538893, 0.30031765, 0.23631749}},
    {R"("categorical_generalized_cross_entropy")", 'p', 0.65989465, {-1.6618786, 1.0381269, -0.41901755, 0.0, 0.0}},
    {R"({"class_name":"CategoricalGeneralizedCrossEntropy","config":{"q":0.8}})",
     'p',
     0.56467336,
     {-1.2080615, 0.495678, -0.36527517, 0.0, 0.0}},
};

TEST(Losses, EqualKeras) {
  const Tensor z = golden_tensor({3, 4}, 2.0, 3.0);
  const Tensor one_hot({3, 4}, {1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  const Tensor indices({3, 1}, {0, 2, 3});
  for (const Golden& golden : kGolden) {
    const Json loss = Json::parse(golden.loss);
    const LossFunction& function = *loss_choice(choose_loss(loss)).function;
    const bool sparse = function.target == LossFunction::Target::class_index;
    const Tensor prediction = golden.prediction == 'z' ? z : golden.prediction == 'p' ? softmax(z) : sigmoid(z);
    const Evaluation result = evaluate(loss, sparse ? indices : one_hot, prediction);
    EXPECT_NEAR(result.value, golden.value, 1e-5 * std::max(1.0, std::abs(golden.value))) << golden.loss;
    expect_summary({result.gradient.begin(), result.gradient.end()},
                   Json(std::vector<double>(std::begin(golden.gradient), std::end(golden.gradient))), golden.loss);
  }
}

// Rows like those a network makes, away from kinks and clips.
struct Sample {
  Tensor target;
  Tensor prediction;
};

Sample random_sample(const LossFunction& loss, std::int64_t width, bool logits, Random& random) {
  Sample s{Tensor({3, loss.target == LossFunction::Target::class_index ? 1 : width}), Tensor({3, width})};
  for (float& p : s.prediction.values())
    p = static_cast<float>(logits ? 3 * random.normal() : random.uniform(0.1, 0.9));
  for (std::int64_t r = 0; r < 3; ++r) {
    const auto truth = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(width)));
    if (s.target.shape()[1] == 1 && width > 1) {
      s.target[r] = static_cast<float>(truth);
    } else if (loss.target == LossFunction::Target::same_shape) {
      s.target[r * width + truth] = 1.0f;
    }
  }
  return s;
}

TEST(Losses, GradientsAreThoseOfTheValue) {
  Random random(3);
  for (const LossFunction* loss : all_losses()) {
    const LossChoice choice = loss_choice(choose_loss(std::string(loss->id)));
    for (const RowFunction* row : {&loss->row, loss->from_logits}) {
      if (row == nullptr) continue;
      for (const std::int64_t width : {1, 2, 5, 10}) {
        const Sample sample = random_sample(*loss, width, row == loss->from_logits, random);
        const Evaluation result = evaluate(*row, choice.parameters, sample.target, sample.prediction);
        for (std::int64_t i = 0; i < sample.prediction.count(); ++i) {
          Tensor above = sample.prediction;
          Tensor below = sample.prediction;
          above[i] += 1e-3f;
          below[i] -= 1e-3f;
          const double difference = (evaluate(*row, choice.parameters, sample.target, above).value -
                                     evaluate(*row, choice.parameters, sample.target, below).value) /
                                    (static_cast<double>(above[i]) - static_cast<double>(below[i]));
          EXPECT_NEAR(result.gradient[static_cast<std::size_t>(i)], difference,
                      3e-4 * std::max(1.0, std::abs(difference)))
              << row->name << ", width " << width << ", element " << i;
        }
      }
    }
  }
}

TEST(Losses, CertainPredictionsAndHugeLogitsStayFinite) {
  for (const LossFunction* loss : all_losses()) {
    const LossChoice choice = loss_choice(choose_loss(std::string(loss->id)));
    const bool sparse = loss->target == LossFunction::Target::class_index;
    const Tensor target = sparse ? Tensor({2, 1}, {0, 1}) : Tensor({2, 2}, {1, 0, 0, 1});
    const auto expect_finite = [&](const RowFunction& row, const Tensor& prediction) {
      const Evaluation result = evaluate(row, choice.parameters, target, prediction);
      EXPECT_TRUE(std::isfinite(result.value)) << row.name;
      for (const float g : result.gradient) EXPECT_TRUE(std::isfinite(g)) << row.name;
    };
    expect_finite(loss->row, Tensor({2, 2}, {1, 0, 0, 1}));
    expect_finite(loss->row, Tensor({2, 2}, {0, 1, 1, 0}));
    if (loss->from_logits == nullptr) continue;
    expect_finite(*loss->from_logits, Tensor({2, 2}, {1e30f, -1e30f, 1e4f, -1e4f}));
    expect_finite(*loss->from_logits, Tensor({2, 2}, {-1e30f, 1e30f, 3e38f, -3e38f}));
  }
}

// Through the logits the gradient of a wrong and certain prediction is the largest there is; through clipped
// probabilities it is zero.
TEST(Losses, SaturatedPredictionsKeepTheirGradientThroughTheLogits) {
  const Tensor one({1, 1}, {1});
  const Json clipped = "binary_crossentropy";
  const Json fused = Json::parse(R"({"class_name":"BinaryCrossentropy","config":{"from_logits":true}})");
  EXPECT_EQ(evaluate(clipped, one, Tensor({1, 1}, {0.0f})).gradient[0], 0.0f);
  EXPECT_NEAR(evaluate(clipped, one, Tensor({1, 1}, {0.0f})).value, -std::log(1e-7), 1e-6);
  EXPECT_EQ(evaluate(fused, one, Tensor({1, 1}, {-100.0f})).gradient[0], -1.0f);
  EXPECT_EQ(evaluate(fused, one, Tensor({1, 1}, {-100.0f})).value, 100.0);
}

TEST(Losses, NaNIsNotHidden) {
  const float nan = std::nanf("");
  for (const LossFunction* loss : all_losses()) {
    const LossChoice choice = loss_choice(choose_loss(std::string(loss->id)));
    const bool sparse = loss->target == LossFunction::Target::class_index;
    const Tensor target = sparse ? Tensor({1, 1}, {0}) : Tensor({1, 2}, {1, 0});
    for (const RowFunction* row : {&loss->row, loss->from_logits}) {
      if (row == nullptr) continue;
      EXPECT_TRUE(std::isnan(evaluate(*row, choice.parameters, target, Tensor({1, 2}, {nan, 0.5f})).value))
          << row->name;
    }
  }
}

TEST(ChooseLoss, EverySpellingOfKeras) {
  const auto type = [](const Json& loss) { return choose_loss(loss).type; };
  for (const LossFunction* loss : all_losses()) {
    EXPECT_EQ(type(std::string(loss->id)), loss->id);
    EXPECT_EQ(type({{"class_name", loss->class_name}, {"config", Json::object()}}), loss->id);
    for (const std::string& alias : split(loss->aliases, ' ')) {
      EXPECT_EQ(type(alias.empty() ? std::string(loss->id) : alias), loss->id);
    }
  }
  for (const char* name : {"mse", "MSE", "mae", "MAE", "mape", "msle", "bce", "kld", "kullback_leibler_divergence",
                           "logcosh", "huber_loss", "cosine_proximity", "cosine"}) {
    EXPECT_NO_THROW(choose_loss(name)) << name;
  }
  const Item smooth = choose_loss(Json::parse(R"({"class_name":"BinaryCrossentropy","config":{"reduction":"auto",
      "name":"binary_crossentropy","from_logits":true,"label_smoothing":0.1}})"));
  EXPECT_EQ(smooth, (Item{"binary_crossentropy", {{"label_smoothing", 0.1}, {"from_logits", true}}}));
  EXPECT_EQ(choose_loss({{"class_name", smooth.type}, {"config", smooth.config}}), smooth);
  const Item sum = choose_loss(Json::parse(R"({"class_name":"Huber","config":{"reduction":"sum"}})"));
  EXPECT_EQ(sum.config["reduction"], "sum");
  EXPECT_EQ(choose_loss({{"class_name", sum.type}, {"config", sum.config}}), sum);
}

TEST(ChooseLoss, ErrorsSayWhatWouldBeRight) {
  const auto error = [](const Json& loss) { return error_of([&] { choose_loss(loss); }); };
  EXPECT_EQ(error("mean_square_error"), "unknown loss 'mean_square_error'; did you mean 'mean_squared_error'?");
  EXPECT_NE(error(3).find("not 3"), std::string::npos);
  EXPECT_NE(error(Json::parse(R"({"class_name":"Huber","config":{"delta":"x"}})")).find("'delta' must be a number"),
            std::string::npos);
  EXPECT_NE(error(Json::parse(R"({"class_name":"Huber","config":{"reduction":"none"}})")).find("reduction"),
            std::string::npos);
  EXPECT_NE(error(Json::parse(R"({"class_name":"BinaryFocalCrossentropy","config":{"from_logits":true}})"))
                .find("from_logits"),
            std::string::npos);
}

}  // namespace
}  // namespace evenflow
