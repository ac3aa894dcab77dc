// Cures of generated cases: sick ones, each with one planted fault, and healthy ones as control. For each: the verdict,
// the held-out accuracy of the original and of the cured recipe in whole trainings with seeds that the cure has not
// seen, the number of changes, and the steps of all trainings of the cure over those of one training of the original.
//   bench_cure [--seeds N] [--budget TRAININGS] [FILTER]
// --budget: epochs of all trainings together, in trainings of the original; default: the time that `evenflow cure`
// takes
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "evenflow/cure.h"
#include "evenflow/cure/statistics.h"
#include "evenflow/cure/trial.h"

namespace ef = evenflow;

namespace {

struct Case {
  std::string name;
  bool sick;
  ef::Recipe recipe;
  ef::Dataset data;
};

struct Net {
  int hidden = 3;
  std::int64_t units = 16;
  std::string activation = "relu";
  ef::Json initializer = "he_normal";
  ef::Json bias = "zeros";
  ef::Item optimizer = ef::Adam{.learning_rate = 0.01};
  std::string output = "";  // "": what fits
};

ef::Json normal(double deviation) {
  return {{"class_name", "RandomNormal"}, {"config", {{"mean", 0.0}, {"stddev", deviation}}}};
}

Case make(const std::string& set, const std::string& fault, bool sick, const Net& net, int epochs, float input_scale) {
  const bool blobs = set.starts_with("blobs");
  std::vector<ef::Layer> layers = {ef::Input{{2}}};
  for (int i = 0; i < net.hidden; ++i) {
    layers.push_back(ef::layer("Dense", {{"units", net.units},
                                         {"activation", net.activation},
                                         {"kernel_initializer", net.initializer},
                                         {"bias_initializer", net.bias}}));
  }
  const std::string fitting = blobs ? "softmax" : "sigmoid";
  layers.push_back(ef::Dense{.units = blobs ? 3 : 1, .activation = net.output.empty() ? fitting : net.output});
  ef::Model model = ef::sequential(std::move(layers));
  model.compile = ef::CompileSettings{.optimizer = net.optimizer,
                                      .loss = {blobs ? "categorical_crossentropy" : "binary_crossentropy"}};
  ef::Dataset data = ef::fit_to_model(ef::load_data(set + ",samples=800,seed=5"), model);
  for (float& value : data.x.values()) value *= input_scale;
  return {set.substr(0, set.find(':')) + " " + fault,
          sick,
          {.model = std::move(model), .data = set, .epochs = epochs, .batch_size = 32, .seed = 11},
          std::move(data)};
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const std::string set : {"circles:noise=0.05", "moons:noise=0.1", "blobs:deviation=1"}) {
    const auto sick = [&](const std::string& fault, const Net& net, float scale = 1) {
      result.push_back(make(set, fault, true, net, 60, scale));
    };
    const auto healthy = [&](const std::string& what, const Net& net) {
      result.push_back(make(set, what, false, net, 60, 1));
    };
    sick("deep sigmoid", {.hidden = 12, .activation = "sigmoid", .initializer = "glorot_uniform"});
    sick("small weights", {.hidden = 16, .initializer = normal(0.05), .optimizer = ef::SGD{.learning_rate = 0.1}});
    sick("large weights", {.hidden = 16, .initializer = normal(1.5), .optimizer = ef::SGD{.learning_rate = 0.01}});
    sick("rate too large", {.optimizer = ef::SGD{.learning_rate = 200, .momentum = 0.9}});
    sick("rate too small", {.optimizer = ef::SGD{.learning_rate = 1e-6}});
    sick("dead units", {.bias = {{"class_name", "Constant"}, {"config", {{"value", -8.0}}}}});
    sick("improper output", {.hidden = 4, .optimizer = ef::Adam{.learning_rate = 1e-3}, .output = "relu"});
    sick("unscaled inputs",
         {.activation = "tanh", .initializer = "glorot_uniform", .optimizer = ef::SGD{.learning_rate = 0.1}}, 500);
    healthy("relu, Adam", {});
    healthy("tanh, SGD", {.activation = "tanh",
                          .initializer = "glorot_uniform",
                          .optimizer = ef::SGD{.learning_rate = 0.1, .momentum = 0.9}});
    healthy("elu, 8 layers", {.hidden = 8, .activation = "elu", .optimizer = ef::Adam{.learning_rate = 3e-3}});
  }
  return result;
}

// Mean held-out accuracy of whole trainings.
double trained_accuracy(const ef::Recipe& recipe, const Case& c, int seeds) {
  const ef::TrialData data = ef::trial_data(c.data, 99);
  const ef::Measure measure = ef::measure_for(c.recipe.model, c.data, data.y_held);
  std::vector<double> scores(static_cast<std::size_t>(seeds));
  std::vector<std::function<void()>> jobs;
  const std::int64_t steps = (data.x.shape()[0] + recipe.batch_size - 1) / recipe.batch_size * recipe.epochs;
  for (int seed = 0; seed < seeds; ++seed) {
    jobs.push_back([&, seed] {
      ef::Trial trial(recipe, data, measure, 70'000 + static_cast<std::uint64_t>(seed));
      trial.train_to(steps, {});
      scores[static_cast<std::size_t>(seed)] = trial.result().score;
    });
  }
  ef::run_side_by_side(jobs);
  return ef::interval(scores).mean;
}

}  // namespace

int main(int argc, char** argv) {
  int seeds = 5;
  double trainings = 0;
  std::string filter;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--seeds" && i + 1 < argc) {
      seeds = std::atoi(argv[++i]);
    } else if (argument == "--budget" && i + 1 < argc) {
      trainings = std::atof(argv[++i]);
    } else {
      filter = argument;
    }
  }
  fmt::print("{:<28} {:<16} {:>8} {:>8} {:>7} {:>8} {:>7}  {}\n", "case", "verdict", "before", "after", "changes",
             "seconds", "x one", "change");
  int sick = 0;
  int repaired = 0;
  int healthy = 0;
  int worse = 0;
  std::vector<double> changes;
  std::vector<double> times;
  for (const Case& c : cases()) {
    if (c.name.find(filter) == std::string::npos) continue;
    ef::CureOptions options;
    if (trainings > 0) options.epochs = trainings * c.recipe.epochs;
    const ef::Outcome outcome = ef::cure(c.recipe, c.data, options).outcome;
    const double before = trained_accuracy(c.recipe, c, seeds);
    const bool changed = outcome.verdict == ef::Outcome::Verdict::cured;
    const double after = changed ? trained_accuracy(outcome.cured, c, seeds) : before;
    const std::size_t count = changed ? outcome.tried[*outcome.winner].remedies.size() : 0;
    const double ratio = static_cast<double>(outcome.steps) / static_cast<double>(outcome.steps_of_one);
    fmt::print("{:<28} {:<16} {:>7.1f}% {:>7.1f}% {:>7} {:>8.2f} {:>7.1f}  {}\n", c.name, to_string(outcome.verdict),
               100 * before, 100 * after, count, outcome.seconds, ratio, outcome.reason);
    std::fflush(stdout);
    if (c.sick) {
      ++sick;
      if (changed && after > before + 0.01) {
        ++repaired;
        changes.push_back(static_cast<double>(count));
      }
      times.push_back(ratio);
    } else {
      ++healthy;
      if (after < before - 0.01) ++worse;
    }
  }
  fmt::print(
      "\n{} of {} sick cases repaired; {} of {} healthy ones changed for the worse; median of {} changes and {:.1f} "
      "trainings' steps\n",
      repaired, sick, worse, healthy, ef::median(changes), ef::median(times));
  return 0;
}
