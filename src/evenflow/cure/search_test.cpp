// Whole cures of small networks. Budgets are in epochs, so that the same is tried on every machine.
#include "evenflow/cure/search.h"

#include <gtest/gtest.h>

#include "evenflow/base/random.h"
#include "evenflow/data.h"
#include "evenflow/error.h"

namespace evenflow {
namespace {

Model classifier(int hidden, const std::string& activation, const std::string& initializer, Item optimizer) {
  std::vector<Layer> layers = {Input{{2}}};
  for (int i = 0; i < hidden; ++i) {
    layers.push_back(Dense{.units = 16, .activation = activation, .kernel_initializer = initializer});
  }
  layers.push_back(Dense{.units = 1, .activation = "sigmoid"});
  Model model = sequential(std::move(layers));
  model.compile =
      CompileSettings{.optimizer = std::move(optimizer), .loss = {"binary_crossentropy"}, .metrics = {{"accuracy"}}};
  return model;
}

Recipe recipe_of(Model model) {
  return {.model = std::move(model), .data = "circles", .epochs = 40, .batch_size = 32, .seed = 3};
}

Dataset circles(const Model& model) {
  return fit_to_model(load_data("circles:samples=600,noise=0.05,seed=1"), model);
}

TEST(Cure, ADeepSigmoidNetworkIsCured) {
  const Recipe recipe = recipe_of(classifier(10, "sigmoid", "glorot_uniform", Adam{.learning_rate = 0.01}));
  const Dataset data = circles(recipe.model);
  const CureResult result = cure(recipe, data, {.epochs = 500, .seeds = 3});
  const Outcome& o = result.outcome;
  ASSERT_EQ(o.verdict, Outcome::Verdict::cured) << o.reason;
  ASSERT_TRUE(o.winner);
  const Candidate& winner = o.tried[*o.winner];
  ASSERT_TRUE(winner.gain);
  EXPECT_GT(winner.gain->low, 0);
  EXPECT_EQ(winner.proof.size(), 3u);
  EXPECT_EQ(o.tried.front().proof.size(), 3u);
  // Neither the units nor the output are touched.
  for (const Layer& layer : recipe.model.layers) {
    ASSERT_NE(o.cured.model.find(layer.name), nullptr);
    EXPECT_EQ(o.cured.model.find(layer.name)->config.value("units", 0), layer.config.value("units", 0));
  }
  EXPECT_EQ(*o.cured.model.find(recipe.model.outputs.front().layer), recipe.model.layers.back());
  // The proof's seeds are not those of the screening.
  for (const TrialResult& trial : winner.proof) EXPECT_NE(trial.seed, winner.screening.front().seed);
  // What was trained is the cured model, and is as good as the proof says.
  ASSERT_TRUE(result.trained);
  EXPECT_EQ(result.trained->model, o.cured.model);
  EXPECT_EQ(outcome_from_json(to_json(o)), o);
}

TEST(Cure, AHealthyNetworkStaysAsItIs) {
  const Recipe recipe = recipe_of(classifier(2, "relu", "he_normal", Adam{.learning_rate = 0.01}));
  const CureResult result = cure(recipe, circles(recipe.model), {.epochs = 300, .seeds = 3});
  EXPECT_EQ(result.outcome.verdict, Outcome::Verdict::no_cure_needed) << result.outcome.reason;
  EXPECT_EQ(result.outcome.cured, recipe);
  EXPECT_FALSE(result.trained);
}

TEST(Cure, ALearningRateThatDivergesIsFound) {
  const Recipe recipe = recipe_of(classifier(2, "relu", "he_normal", SGD{.learning_rate = 300}));
  const CureResult result = cure(recipe, circles(recipe.model), {.epochs = 400, .seeds = 3});
  ASSERT_EQ(result.outcome.verdict, Outcome::Verdict::cured) << result.outcome.reason;
  const Candidate& winner = result.outcome.tried[*result.outcome.winner];
  EXPECT_EQ(winner.cost, 1) << winner.fate;
}

// Targets that are drawn without a look at the inputs.
TEST(Cure, NoiseIsTheDatasFault) {
  const Recipe recipe = recipe_of(classifier(10, "sigmoid", "glorot_uniform", Adam{}));
  Dataset data = circles(recipe.model);
  Random random(5);
  for (float& value : data.y.values()) value = random.uniform() < 0.5 ? 0.0f : 1.0f;
  const CureResult result = cure(recipe, data, {.epochs = 200, .seeds = 2});
  EXPECT_TRUE(result.outcome.verdict == Outcome::Verdict::data ||
              result.outcome.verdict == Outcome::Verdict::not_improved)
      << to_string(result.outcome.verdict) << ": " << result.outcome.reason;
  EXPECT_EQ(result.outcome.cured, recipe);
}

TEST(Cure, OnlyAndKeepLimitWhatIsTried) {
  const Recipe recipe = recipe_of(classifier(10, "sigmoid", "glorot_uniform", Adam{}));
  const Dataset data = circles(recipe.model);
  const CureResult result =
      cure(recipe, data, {.only = {RemedyKind::activation}, .keep = {"dense_3"}, .plan_only = true});
  const Outcome& o = result.outcome;
  EXPECT_EQ(o.verdict, Outcome::Verdict::planned);
  EXPECT_EQ(o.steps, 0);
  ASSERT_GT(o.tried.size(), 1u);
  for (std::size_t i = 1; i < o.tried.size(); ++i)
    EXPECT_EQ(remedy(o.tried[i].remedies.front()).kind, RemedyKind::activation);
}

// Before its first look is complete it does not know what to plan.
TEST(Cure, StopsWhenItIsTold) {
  const Recipe recipe = recipe_of(classifier(10, "sigmoid", "glorot_uniform", Adam{}));
  const std::atomic<bool> stop{true};
  for (const bool plan_only : {false, true}) {
    const CureResult result = cure(recipe, circles(recipe.model), {.plan_only = plan_only, .stop = &stop});
    EXPECT_EQ(result.outcome.verdict, Outcome::Verdict::interrupted);
    EXPECT_EQ(result.outcome.tried.size(), 1u);
    EXPECT_TRUE(result.outcome.symptoms.empty());
  }
}

// Where the first remedies are good the others are not trained: the search costs less than a training.
TEST(Cure, AnEasyCaseTakesLessThanOneTraining) {
  const Recipe recipe = recipe_of(classifier(12, "sigmoid", "glorot_uniform", Adam{}));
  const Outcome o = cure(recipe, circles(recipe.model)).outcome;
  EXPECT_EQ(o.verdict, Outcome::Verdict::cured) << o.reason;
  EXPECT_GT(o.search_steps, 0);
  EXPECT_LT(o.search_steps, o.steps_of_one);
  EXPECT_LT(o.search_steps, o.steps);
}

TEST(Cure, APeakIsMeasuredAgainstTheFirstLoss) {
  Peak peak(2);
  EXPECT_EQ(peak.value(), 1);
  for (const double loss : {1.0, 3.0, 1.0, 1.0, 9.0, 3.0, 100.0}) peak.add(loss);  // means 2, 1, 6
  EXPECT_EQ(peak.value(), 3);

  const Dataset data = circles(classifier(2, "relu", "he_normal", Adam{}));
  const auto peak_of = [&](double rate) {
    const Recipe recipe = recipe_of(classifier(2, "relu", "he_normal", Adam{.learning_rate = rate}));
    const TrialData samples = trial_data(data, 3);
    const Measure measure = measure_for(recipe.model, data, samples.y_held);
    Trial trial(recipe, samples, measure, 3);
    trial.train_to(60, {});
    return trial.result().peak;
  };
  EXPECT_LT(peak_of(0.01), 1.5);
  EXPECT_GT(peak_of(3), 5);
}

// What was chosen by the clock stays chosen: else nothing that was trained would be of use.
TEST(Cure, AnInterruptedSearchKeepsItsDecisions) {
  const Recipe recipe = recipe_of(classifier(2, "relu", "he_normal", Adam{}));
  const Dataset data = circles(recipe.model);
  const Path path = std::filesystem::temp_directory_path() / "evenflow_cure_test_decisions.search";
  std::filesystem::remove(path);
  {
    Journal journal(path, recipe, data, {});
    EXPECT_EQ(journal.decide("first rung", 44), 44);
    journal.write();
  }
  Journal journal(path, recipe, data, {});
  EXPECT_EQ(journal.decide("first rung", 375), 44);
  EXPECT_EQ(journal.decide("second rung", 100), 100);
  EXPECT_EQ(Journal().decide("first rung", 7), 7);
  std::filesystem::remove(path);
}

// Stopped in the proof and run again: nothing is trained twice, and the outcome is that of one search.
TEST(Cure, AnInterruptedSearchGoesOn) {
  const Recipe recipe = recipe_of(classifier(10, "sigmoid", "glorot_uniform", Adam{.learning_rate = 0.01}));
  const Dataset data = circles(recipe.model);
  CureOptions options{.epochs = 500, .seeds = 3};
  Outcome whole = cure(recipe, data, options).outcome;

  options.journal = std::filesystem::temp_directory_path() / "evenflow_cure_test.search";
  std::filesystem::remove(options.journal);
  std::atomic<bool> stop{false};
  options.stop = &stop;
  options.progress = [&](std::string_view line) { stop = line.starts_with("proof"); };
  const Outcome first = cure(recipe, data, options).outcome;
  EXPECT_EQ(first.verdict, Outcome::Verdict::interrupted);
  ASSERT_TRUE(std::filesystem::exists(options.journal));

  stop = false;
  bool told = false;
  options.progress = [&](std::string_view line) { told = told || line.find("going on") != std::string_view::npos; };
  const CureResult result = cure(recipe, data, options);
  Outcome second = result.outcome;
  EXPECT_TRUE(told);
  EXPECT_TRUE(result.trained);
  EXPECT_EQ(first.steps + second.steps, whole.steps);
  EXPECT_EQ(first.search_steps + second.search_steps, whole.search_steps);
  EXPECT_FALSE(std::filesystem::exists(options.journal));
  for (Outcome* outcome : {&whole, &second}) {
    outcome->seconds = outcome->seconds_of_one = 0;
    outcome->steps = outcome->search_steps = 0;
    for (Candidate& candidate : outcome->tried) {
      for (auto* trials : {&candidate.screening, &candidate.proof}) {
        for (TrialResult& trial : *trials) trial.seconds = 0;
      }
    }
  }
  EXPECT_EQ(second, whole);
}

// What another search has left is not taken for its own.
TEST(Cure, AnotherSearchsJournalIsForgotten) {
  const Recipe recipe = recipe_of(classifier(2, "relu", "he_normal", Adam{.learning_rate = 0.01}));
  const Path path = std::filesystem::temp_directory_path() / "evenflow_cure_test_other.search";
  const Dataset data = circles(recipe.model);
  Journal journal(path, recipe, data, {});
  journal.add({}, 3, 10, {.seed = 3, .steps = 10, .score = 0.5});
  journal.write();
  EXPECT_TRUE(Journal(path, recipe, data, {}).find({}, 3, 10));
  EXPECT_FALSE(Journal(path, recipe, data, {}).find({}, 3, 20));
  Recipe other = recipe;
  other.batch_size = 16;
  EXPECT_FALSE(Journal(path, other, data, {}).continues());
  std::filesystem::remove(path);
}

TEST(Cure, WrongUseIsSaid) {
  Recipe recipe = recipe_of(classifier(2, "relu", "he_normal", Adam{}));
  const Dataset data = circles(recipe.model);
  EXPECT_THROW(cure(recipe, data, {.keep = {"dens"}}), Error);
  EXPECT_THROW(cure(recipe, data, {.seeds = 1}), Error);
  recipe.model.compile.reset();
  EXPECT_THROW(cure(recipe, data), Error);
}

// The same seed and budget in epochs give the same figures.
TEST(Cure, IsReproducible) {
  const Recipe recipe = recipe_of(classifier(8, "sigmoid", "glorot_uniform", Adam{.learning_rate = 0.01}));
  const Dataset data = circles(recipe.model);
  const CureOptions options{.only = {RemedyKind::activation}, .epochs = 60, .seeds = 2};
  const Outcome a = cure(recipe, data, options).outcome;
  const Outcome b = cure(recipe, data, options).outcome;
  ASSERT_EQ(a.tried.size(), b.tried.size());
  for (std::size_t i = 0; i < a.tried.size(); ++i) {
    ASSERT_EQ(a.tried[i].proof.size(), b.tried[i].proof.size());
    for (std::size_t j = 0; j < a.tried[i].proof.size(); ++j) {
      EXPECT_EQ(a.tried[i].proof[j].score, b.tried[i].proof[j].score);
    }
  }
}

}  // namespace
}  // namespace evenflow
