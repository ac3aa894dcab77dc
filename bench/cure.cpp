// Cures of generated cases, each with one planted fault, of published models, and of healthy ones as control. For each:
// the verdict, the held-out accuracy of the original and of the cured recipe in whole trainings with seeds that the
// cure has not seen, the number of changes, and two costs: the steps of all trainings of the cure over those of one
// training of the original, and its computing time with all threads busy over that of one training on one thread. Then
// the same for AutoTrainer's order of solutions.
//   bench_cure [--seeds N] [--budget TRAININGS] [--published FOLDER] [FILTER]
// --budget: epochs of all trainings together, in trainings of the original; default: what `evenflow cure` takes.
// --published: a folder with models/ and data/: circle_sigmoid8_vanishing.h5 with circle.npz,
// blob_relu50_oscillating.h5 with blob.npz, mnist_relu34_dying.h5 with train-images-idx3-ubyte.gz.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "autotrainer.h"
#include "evenflow/base/threads.h"
#include "evenflow/cure.h"
#include "evenflow/cure/statistics.h"
#include "evenflow/cure/trial.h"
#include "evenflow/format.h"

namespace ef = evenflow;
using ef::bench::Problem;

namespace {

struct Case {
  std::string name;
  Problem problem;  // none: healthy
  ef::Recipe recipe;
  ef::Dataset data;
  double verified = 1;  // of a training: how long the accuracies are trained for
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

Case make(const std::string& set, const std::string& fault, Problem problem, const Net& net, float input_scale) {
  constexpr int kEpochs = 150;
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
  ef::Dataset data = ef::fit_to_model(ef::load_data(set + ",samples=1600,seed=5"), model);
  for (float& value : data.x.values()) value *= input_scale;
  return {set.substr(0, set.find(':')) + " " + fault,
          problem,
          {.model = std::move(model), .data = set, .epochs = kEpochs, .batch_size = 32, .seed = 11},
          std::move(data)};
}

std::vector<Case> generated_cases() {
  std::vector<Case> result;
  for (const std::string set : {"circles:noise=0.05", "moons:noise=0.1", "blobs:deviation=1"}) {
    const auto sick = [&](const std::string& fault, Problem problem, const Net& net, float scale = 1) {
      result.push_back(make(set, fault, problem, net, scale));
    };
    const auto healthy = [&](const std::string& what, const Net& net) {
      result.push_back(make(set, what, Problem::none, net, 1));
    };
    sick("deep sigmoid", Problem::vanishing, {.hidden = 12, .activation = "sigmoid", .initializer = "glorot_uniform"});
    sick("deep tanh, small", Problem::vanishing, {.hidden = 16, .activation = "tanh", .initializer = normal(0.1)});
    sick("small weights", Problem::vanishing,
         {.hidden = 16, .initializer = normal(0.05), .optimizer = ef::SGD{.learning_rate = 0.1}});
    sick("large weights", Problem::exploding,
         {.hidden = 16, .initializer = normal(1.5), .optimizer = ef::SGD{.learning_rate = 0.01}});
    sick("rate too large", Problem::unstable, {.optimizer = ef::SGD{.learning_rate = 200, .momentum = 0.9}});
    sick("Adam too large", Problem::unstable, {.optimizer = ef::Adam{.learning_rate = 3}});
    sick("rate too small", Problem::not_converging, {.optimizer = ef::SGD{.learning_rate = 1e-6}});
    sick("dead units", Problem::dying, {.bias = {{"class_name", "Constant"}, {"config", {{"value", -8.0}}}}});
    sick("improper output", Problem::improper_activation,
         {.hidden = 4, .optimizer = ef::Adam{.learning_rate = 1e-3}, .output = "relu"});
    sick("unscaled inputs", Problem::abnormal_data,
         {.activation = "tanh", .initializer = "glorot_uniform", .optimizer = ef::SGD{.learning_rate = 0.1}}, 500);
    healthy("relu, Adam", {});
    healthy("tanh, SGD", {.activation = "tanh",
                          .initializer = "glorot_uniform",
                          .optimizer = ef::SGD{.learning_rate = 0.1, .momentum = 0.9}});
    healthy("elu, 8 layers", {.hidden = 8, .activation = "elu", .optimizer = ef::Adam{.learning_rate = 3e-3}});
    healthy("sigmoid, 2 layers", {.hidden = 2, .activation = "sigmoid", .initializer = "glorot_uniform"});
  }
  return result;
}

std::vector<Case> published_cases(const std::string& folder) {
  std::vector<Case> result;
  const auto add = [&](const std::string& name, Problem problem, ef::Model model, const std::string& data, int epochs,
                       int batch_size, double verified) {
    const std::string path = folder + "/data/" + data;
    ef::Dataset fitted = ef::fit_to_model(ef::load_data(path), model);
    result.push_back({name,
                      problem,
                      {.model = std::move(model), .data = path, .epochs = epochs, .batch_size = batch_size, .seed = 11},
                      std::move(fitted),
                      verified});
  };
  const auto compiled = [&](const std::string& file, ef::Item optimizer, const std::string& loss) {
    ef::Model model = ef::load_model(folder + "/models/" + file).model;
    model.compile = ef::CompileSettings{.optimizer = std::move(optimizer), .loss = {loss}};
    return model;
  };
  add("published circle, vanishing", Problem::vanishing,
      compiled("circle_sigmoid8_vanishing.h5", ef::Adam{.learning_rate = 1e-3}, "binary_crossentropy"), "circle.npz",
      300, 128, 1);
  add("published blob, oscillating", Problem::unstable,
      compiled("blob_relu50_oscillating.h5", ef::SGD{.learning_rate = 0.01, .momentum = 0.9},
               "categorical_crossentropy"),
      "blob.npz", 200, 1, 1);
  std::vector<ef::Layer> layers = {ef::Input{{2}}};
  for (int i = 0; i < 4; ++i) {
    layers.push_back(ef::Dense{.units = 50, .activation = "relu", .kernel_initializer = "he_uniform"});
  }
  layers.push_back(ef::Dense{.units = 3, .activation = "relu"});
  ef::Model improper = ef::sequential(std::move(layers));
  improper.compile =
      ef::CompileSettings{.optimizer = ef::Adam{.learning_rate = 1e-4}, .loss = {"categorical_crossentropy"}};
  add("published blob, improper", Problem::improper_activation, std::move(improper), "blob.npz", 300, 256, 1);
  add("published MNIST, dying", Problem::dying,
      compiled("mnist_relu34_dying.h5", ef::Adam{}, "categorical_crossentropy"), "train-images-idx3-ubyte.gz", 50, 32,
      0.04);
  return result;
}

// Mean held-out accuracy of whole trainings.
double trained_accuracy(const ef::Recipe& recipe, const Case& c, int seeds) {
  const ef::TrialData data = ef::trial_data(c.data, 99);
  const ef::Measure measure = ef::measure_for(c.recipe.model, c.data, data.y_held);
  std::vector<double> scores(static_cast<std::size_t>(seeds));
  std::vector<std::function<void()>> jobs;
  const std::int64_t whole = (data.x.shape()[0] + recipe.batch_size - 1) / recipe.batch_size * recipe.epochs;
  const auto steps = static_cast<std::int64_t>(c.verified * static_cast<double>(whole));
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

double computing_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Totals {
  int sick = 0;
  int repaired = 0;
  int healthy = 0;
  int worse = 0;
  std::vector<double> changes, steps, times;

  // Repaired: better by more than a point of accuracy.
  void add(const Case& c, double before, double after, double change_count) {
    constexpr double kPoint = 0.01;
    if (c.problem == Problem::none) {
      ++healthy;
      worse += after < before - kPoint ? 1 : 0;
      return;
    }
    ++sick;
    if (!(after > before + kPoint)) return;
    ++repaired;
    changes.push_back(change_count);
  }
};

std::vector<Case> chosen_cases(const std::string& published, const std::string& filter) {
  std::vector<Case> all = generated_cases();
  if (!published.empty()) {
    for (Case& c : published_cases(published)) all.push_back(std::move(c));
  }
  std::erase_if(all, [&](const Case& c) { return c.name.find(filter) == std::string::npos; });
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  int seeds = 3;
  double trainings = 0;
  std::string filter;
  std::string published;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--seeds" && i + 1 < argc) {
      seeds = std::atoi(argv[++i]);
    } else if (argument == "--budget" && i + 1 < argc) {
      trainings = std::atof(argv[++i]);
    } else if (argument == "--published" && i + 1 < argc) {
      published = argv[++i];
    } else {
      filter = argument;
    }
  }
  const std::vector<Case> cases = chosen_cases(published, filter);
  Totals ours;
  Totals theirs;
  fmt::print("{:<28} {:<15} {:>7} {:>7} {:>7} {:>6} {:>6}  {:<60}  AutoTrainer's order\n", "case", "verdict", "before",
             "after", "changes", "steps", "time", "change");
  for (const Case& c : cases) {
    ef::CureOptions options;
    if (trainings > 0) options.epochs = trainings * c.recipe.epochs;
    const double start = computing_seconds();
    const ef::Outcome outcome = ef::cure(c.recipe, c.data, options).outcome;
    const double computing = computing_seconds() - start;
    const double before = trained_accuracy(c.recipe, c, seeds);
    const bool changed = outcome.verdict == ef::Outcome::Verdict::cured;
    const double after = changed ? trained_accuracy(outcome.cured, c, seeds) : before;
    const std::size_t count = changed ? outcome.tried[*outcome.winner].remedies.size() : 0;
    const double steps = static_cast<double>(outcome.steps) / static_cast<double>(outcome.steps_of_one);
    const double time = computing / std::max(1, ef::threads()) / outcome.seconds_of_one;
    ours.add(c, before, after, static_cast<double>(count));
    ours.steps.push_back(steps);
    ours.times.push_back(time);
    fmt::print("{:<28} {:<15} {:>6.1f}% {:>6.1f}% {:>7} {:>6.1f} {:>6.1f}  {:<60}", c.name, to_string(outcome.verdict),
               100 * before, 100 * after, count, steps, time, outcome.reason.substr(0, 60));
    if (c.problem != Problem::none && c.verified == 1) {
      const ef::bench::Repair repair = ef::bench::autotrainer(c.recipe, c.data, c.problem);
      const double repaired = repair.change.empty() ? before : trained_accuracy(repair.recipe, c, seeds);
      theirs.add(c, before, repaired, 1);
      theirs.steps.push_back(repair.trainings);
      fmt::print("  {} {:.1f}%, {} trainings", repair.change.empty() ? "none" : repair.change, 100 * repaired,
                 repair.trainings);
    }
    fmt::print("\n");
    std::fflush(stdout);
  }
  fmt::print(
      "\n{} of {} sick cases repaired; {} of {} healthy ones changed for the worse; medians: {} changes, {:.1f} "
      "trainings' steps, {:.1f} times the time of one training\n",
      ours.repaired, ours.sick, ours.worse, ours.healthy, ef::median(ours.changes), ef::median(ours.steps),
      ef::median(ours.times));
  fmt::print("AutoTrainer's order: {} of {} repaired, median of {:.1f} trainings\n", theirs.repaired, theirs.sick,
             ef::median(theirs.steps));
  return 0;
}
