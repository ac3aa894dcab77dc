// Diagnoses of generated cases against the truth by intervention. A case is a training with or without one planted
// fault; it is sick if and only if the same training without the fault scores clearly better on held-out samples with
// every one of several seeds, healthy if it is not and scores nearly as well as the best on its data, and else left
// out: nobody knows what is wrong with it. Judged are the findings of the network at rest and of its recorded training,
// beside the conditions of published tools on the same record.
//   bench_diagnosis [--seeds N] [--tuning] [--verbose] [FILTER]
// Half of the cases (--tuning: widths and data sets of their own) were looked at while rules were written; the numbers
// to report are those of the other half, the default.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "evenflow/base/threads.h"
#include "evenflow/cure/trial.h"
#include "evenflow/health/run_watcher.h"

namespace ef = evenflow;

namespace {

struct Net {
  int hidden = 3;
  std::string activation = "relu";
  ef::Json initializer = "he_normal";
  ef::Json bias = "zeros";
  ef::Item optimizer = ef::Adam{.learning_rate = 3e-3};
  bool normalized = false;
  std::string output = "";  // "": what fits
  float input_scale = 1;
};

struct Case {
  std::string name;
  std::string fault;               // "" for none
  std::vector<std::string> rules;  // any of them names the fault
  Net net, without;                // as trained, and without the fault
  std::string data;
  std::int64_t units = 16;
};

ef::Json normal(double deviation) {
  return {{"class_name", "RandomNormal"}, {"config", {{"mean", 0.0}, {"stddev", deviation}}}};
}

ef::Json constant(double value) {
  return {{"class_name", "Constant"}, {"config", {{"value", value}}}};
}

const std::vector<std::string> kVanishing = {"vanishing-gradient"};
const std::vector<std::string> kExploding = {"exploding-gradient", "non-finite", "gradient-spike"};

std::vector<Case> cases_on(const std::string& data, std::int64_t units) {
  std::vector<Case> all;
  const auto add = [&](std::string name, std::vector<std::string> rules, const Net& net, const Net& without) {
    const std::string fault = rules.empty() ? "" : rules.front();
    all.push_back({fmt::format("{} {} {}", data.substr(0, data.find(':')), units, name), fault, std::move(rules), net,
                   without, data, units});
  };
  const auto healthy = [&](const std::string& name, const Net& net) { add(name, {}, net, net); };
  const ef::Item sgd = ef::SGD{.learning_rate = 0.05, .momentum = 0.9};
  const Net good{};

  for (const int depth : {10, 16, 24}) {
    const Net deep{.hidden = depth, .optimizer = ef::Adam{.learning_rate = 1e-3}};
    Net net = deep;
    net.activation = "sigmoid";
    net.initializer = "glorot_uniform";
    add(fmt::format("sigmoid, {} layers", depth), kVanishing, net, deep);
    net = deep;
    net.initializer = normal(0.02);
    net.optimizer = sgd;
    Net without = deep;
    without.optimizer = sgd;
    add(fmt::format("small weights, {} layers", depth), kVanishing, net, without);
    net.activation = without.activation = "tanh";
    without.initializer = "glorot_normal";
    add(fmt::format("small weights of tanh, {} layers", depth), kVanishing, net, without);
    net.activation = without.activation = "relu";
    net.initializer = normal(4 / std::sqrt(static_cast<double>(units)));
    without.initializer = "he_normal";
    net.optimizer = without.optimizer = ef::SGD{.learning_rate = 0.01};
    add(fmt::format("large weights, {} layers", depth), kExploding, net, without);
  }
  Net net = good;
  net.optimizer = ef::SGD{.learning_rate = 100, .momentum = 0.9};
  Net plain = good;
  plain.optimizer = sgd;
  add("SGD, rate too large",
      {"unstable-loss", "non-finite", "update-ratio", "dead-units", "gradient-spike", "saturation", "signal-collapse",
       "plateau", "learning-rate"},
      net, plain);
  net.optimizer = ef::Adam{.learning_rate = 3};
  add("Adam, rate too large",
      {"unstable-loss", "non-finite", "update-ratio", "dead-units", "saturation", "signal-collapse", "plateau",
       "learning-rate"},
      net, good);
  net.optimizer = ef::SGD{.learning_rate = 1e-6};
  add("rate too small", {"plateau", "update-ratio", "learning-rate"}, net, plain);
  net = good;
  net.bias = constant(-8);
  add("dead units", {"dead-units", "vanishing-gradient", "signal-collapse", "initialization"}, net, good);
  net = good;
  net.initializer = constant(0.1);
  add("constant weights", {"initialization"}, net, good);
  net.initializer = "zeros";
  add("zero weights", {"initialization", "vanishing-gradient", "dead-units"}, net, good);
  net = good;
  net.output = "relu";
  add("output of relu", {"output-and-loss"}, net, good);
  net = plain;
  net.activation = "tanh";
  Net scaled = net;
  net.input_scale = 500;
  add("unscaled inputs", {"input-scale", "saturation"}, net, scaled);

  for (const char* activation : {"relu", "tanh", "elu", "selu", "gelu", "silu"}) {
    const std::string initializer = activation == std::string("tanh")   ? "glorot_uniform"
                                    : activation == std::string("selu") ? "lecun_normal"
                                                                        : "he_normal";
    for (const int depth : {2, 5}) {
      const Net base{.hidden = depth, .activation = activation, .initializer = initializer};
      healthy(fmt::format("{}, {} layers, Adam", activation, depth), base);
      Net other = base;
      other.optimizer = sgd;
      healthy(fmt::format("{}, {} layers, SGD", activation, depth), other);
    }
  }
  const Net normalized{.hidden = 4, .normalized = true};
  healthy("relu with batch normalization, Adam", normalized);
  Net with_sgd = normalized;
  with_sgd.optimizer = sgd;
  healthy("relu with batch normalization, SGD", with_sgd);
  healthy("sigmoid, 1 layer", {.hidden = 1,
                               .activation = "sigmoid",
                               .initializer = "glorot_uniform",
                               .optimizer = ef::Adam{.learning_rate = 0.02}});
  return all;
}

ef::Recipe recipe_of(const Case& c, const Net& net) {
  constexpr int kEpochs = 60;
  const bool classes = c.data.starts_with("blobs");
  std::vector<ef::Layer> layers = {ef::Input{{2}}};
  for (int i = 0; i < net.hidden; ++i) {
    layers.push_back(ef::layer(
        "Dense", {{"units", c.units}, {"kernel_initializer", net.initializer}, {"bias_initializer", net.bias}}));
    if (net.normalized) layers.push_back(ef::BatchNormalization{});
    layers.push_back(ef::Activation{net.activation});
  }
  const std::string fitting = classes ? "softmax" : "sigmoid";
  layers.push_back(ef::Dense{.units = classes ? 3 : 1, .activation = net.output.empty() ? fitting : net.output});
  ef::Model model = ef::sequential(std::move(layers));
  model.compile = ef::CompileSettings{.optimizer = net.optimizer,
                                      .loss = {classes ? "categorical_crossentropy" : "binary_crossentropy"},
                                      .metrics = {{"accuracy"}}};
  return {.model = std::move(model), .data = c.data, .epochs = kEpochs, .batch_size = 32, .seed = 11};
}

ef::Dataset data_of(const Case& c, const Net& net, const ef::Model& model) {
  ef::Dataset data = ef::fit_to_model(ef::load_data(c.data + ",samples=1000,seed=5"), model);
  for (float& value : data.x.values()) value *= net.input_scale;
  return data;
}

// Held-out accuracy of a whole training.
double score(const Case& c, const Net& net, std::uint64_t seed) {
  const ef::Recipe recipe = recipe_of(c, net);
  const ef::Dataset data = data_of(c, net, recipe.model);
  const ef::TrialData split = ef::trial_data(data, 99);
  const ef::Measure measure = ef::measure_for(recipe.model, data, split.y_held);
  ef::Trial trial(recipe, split, measure, seed);
  trial.train_to((split.x.shape()[0] + recipe.batch_size - 1) / recipe.batch_size * recipe.epochs, {});
  return trial.result().score;
}

enum class Truth { sick, healthy, undecided };

struct Result {
  Truth truth = Truth::undecided;
  double with = 0, without = 0;                // mean scores
  std::vector<ef::Finding> at_rest, training;  // findings
  std::array<bool, 2> published = {};          // kTools
};

constexpr std::array<const char*, 2> kTools = {"AutoTrainer's conditions", "SageMaker Debugger's conditions"};

// AutoTrainer (ICSE 2021; its code's defaults): norms of the first and the last kernel's gradient, at the end, and only
// where the accuracy never reached 0.7; or a loss that is not finite.
bool autotrainer(const ef::RunTrace& run, double accuracy) {
  if (run.steps.empty()) return false;
  const ef::RunStep& last = run.steps.back();
  if (!std::isfinite(last.loss)) return true;
  if (accuracy >= 0.7 || last.parameters.empty()) return false;
  std::vector<double> norms;
  double zeros = 0;
  double elements = 0;
  for (std::size_t p = 0; p < run.parameters.size(); ++p) {
    if (run.parameters[p].name.ends_with("kernel")) norms.push_back(last.parameters[p].gradient_norm);
    const auto count = static_cast<double>(run.parameters[p].elements);
    zeros += last.parameters[p].zero_fraction * count;
    elements += count;
  }
  const double ratio = norms.front() / norms.back();
  return (ratio < 1e-3 && norms.front() < 1e-4) || ratio > 70 || zeros >= 0.7 * elements;
}

// SageMaker Debugger's built-in rules VanishingGradient (mean size below 1e-7; here of a normal distribution with the
// recorded norm) and ExplodingTensor (NaN or infinite), at any recorded step.
bool sagemaker(const ef::RunTrace& run) {
  for (const ef::RunStep& step : run.steps) {
    if (!std::isfinite(step.loss) || !std::isfinite(step.global_norm)) return true;
    for (std::size_t p = 0; p < step.parameters.size(); ++p) {
      const double rms = step.parameters[p].gradient_norm / std::sqrt(static_cast<double>(run.parameters[p].elements));
      if (run.parameters[p].name.ends_with("kernel") && 0.8 * rms < 1e-7) return true;
    }
  }
  return false;
}

Result judge(const Case& c, int seeds) {
  Result result;
  const ef::Recipe recipe = recipe_of(c, c.net);
  const ef::Dataset data = data_of(c, c.net, recipe.model);
  ef::Network network(recipe.model, recipe.seed);
  result.at_rest = ef::examine(ef::probe(network.saved(), {.data = &data}));
  ef::RunWatcher watcher(ef::describe_run(network.model(), data.name, recipe.batch_size), [](const ef::Finding&) {});
  network.fit(data.x, data.y,
              {.epochs = recipe.epochs,
               .batch_size = recipe.batch_size,
               .seed = recipe.seed,
               .statistics = ef::StatisticsLevel::full,
               .statistics_interval = 16,
               .observers = {&watcher}});
  result.training = ef::examine(watcher.run());

  constexpr double kClearly = 0.03;  // of accuracy
  bool sick = !c.fault.empty();
  for (int seed = 0; seed < seeds; ++seed) {
    const std::uint64_t drawn = 70'000 + static_cast<std::uint64_t>(seed);
    const double with = score(c, c.net, drawn);
    const double without = c.fault.empty() ? with : score(c, c.without, drawn);
    result.with += with / seeds;
    result.without += without / seeds;
    sick = sick && without > with + kClearly;
  }
  result.truth = sick ? Truth::sick : Truth::undecided;
  result.published = {autotrainer(watcher.run(), result.with), sagemaker(watcher.run())};
  return result;
}

// Decides which of the others are healthy: those near the best that any case on the same data reaches.
void find_healthy(const std::vector<Case>& cases, std::vector<Result>& results) {
  constexpr double kNear = 0.05;  // of accuracy
  std::map<std::string, double> best;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    double& score = best[cases[i].data];
    score = std::max({score, results[i].with, results[i].without});
  }
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Result& r = results[i];
    if (r.truth == Truth::undecided && r.with >= best[cases[i].data] - kNear) r.truth = Truth::healthy;
  }
}

bool says(const std::vector<ef::Finding>& findings, const std::vector<std::string>& rules, ef::Severity least) {
  return std::any_of(findings.begin(), findings.end(), [&](const ef::Finding& finding) {
    return finding.severity >= least &&
           (rules.empty() || std::find(rules.begin(), rules.end(), finding.rule) != rules.end());
  });
}

struct Counts {
  int hits = 0, misses = 0, alarms = 0, quiet = 0;
  void add(bool said, bool truth) { ++(said ? (truth ? hits : alarms) : (truth ? misses : quiet)); }
  std::string text() const {
    const auto share = [](int part, int whole) {
      return whole == 0 ? std::string("  -  ") : fmt::format("{:.3f}", static_cast<double>(part) / whole);
    };
    return fmt::format("precision {}  recall {}   {:>3} right, {:>3} missed, {:>3} false alarms, {:>3} rightly quiet",
                       share(hits, hits + alarms), share(hits, hits + misses), hits, misses, alarms, quiet);
  }
};

bool says(const Result& result, const std::vector<std::string>& rules, ef::Severity least) {
  return says(result.at_rest, rules, least) || says(result.training, rules, least);
}

void print_counts(const std::vector<Case>& cases, const std::vector<Result>& results) {
  Counts rest, errors, warnings, both;
  std::array<Counts, kTools.size()> tools;
  std::map<std::string, Counts> faults;  // did a fitting rule name the planted fault?
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Result& r = results[i];
    if (r.truth == Truth::undecided) continue;
    const bool sick = r.truth == Truth::sick;
    rest.add(says(r.at_rest, {}, ef::Severity::error), sick);
    errors.add(says(r.training, {}, ef::Severity::error), sick);
    warnings.add(says(r.training, {}, ef::Severity::warning), sick);
    both.add(says(r.at_rest, {}, ef::Severity::error) || says(r.training, {}, ef::Severity::warning), sick);
    for (std::size_t t = 0; t < tools.size(); ++t) tools[t].add(r.published[t], sick);
    if (sick) faults[cases[i].fault].add(says(r, cases[i].rules, ef::Severity::warning), true);
  }
  fmt::print("\n{:<34} {}\n", "at rest, errors", rest.text());
  fmt::print("{:<34} {}\n", "training, errors", errors.text());
  fmt::print("{:<34} {}\n", "training, all but remarks", warnings.text());
  fmt::print("{:<34} {}\n", "either of them", both.text());
  for (std::size_t t = 0; t < tools.size(); ++t) fmt::print("{:<34} {}\n", kTools[t], tools[t].text());
  fmt::print("\nsick cases whose fault a fitting finding names:\n");
  for (const auto& [fault, counts] : faults) {
    fmt::print("  {:<32} {} of {}\n", fault, counts.hits, counts.hits + counts.misses);
  }
}

std::string rules_text(const std::vector<ef::Finding>& findings) {
  std::string text;
  for (const ef::Finding& finding : findings) {
    if (finding.severity < ef::Severity::warning) continue;
    text += fmt::format(" {}{}", finding.rule, finding.severity == ef::Severity::error ? "!" : "");
  }
  return text;
}

void print_case(const Case& c, const Result& r, bool verbose) {
  const bool said = says(r.training, {}, ef::Severity::warning);
  std::string verdict = "right";
  if (r.truth == Truth::undecided) verdict = "left out";
  if (r.truth == Truth::sick && !said) verdict = "missed";
  if (r.truth == Truth::healthy && said) verdict = "false alarm";
  const bool early = r.truth == Truth::healthy && says(r.at_rest, {}, ef::Severity::error);
  if (!verbose && !early && (verdict == "right" || verdict == "left out")) return;
  fmt::print("{:<12} {:<44} {:.3f} -> {:.3f}  at rest:{}  training:{}\n", verdict, c.name, r.with, r.without,
             rules_text(r.at_rest), rules_text(r.training));
}

}  // namespace

int main(int argc, char** argv) {
  int seeds = 3;
  bool tuning = false;
  bool verbose = false;
  std::string filter;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--seeds" && i + 1 < argc) {
      seeds = std::max(1, std::atoi(argv[++i]));
    } else if (argument == "--tuning" || argument == "--verbose") {
      (argument == "--tuning" ? tuning : verbose) = true;
    } else {
      filter = argument;
    }
  }
  std::vector<Case> cases;
  const std::vector<std::string> sets =
      tuning ? std::vector<std::string>{"circles:noise=0.05", "blobs:deviation=1"}
             : std::vector<std::string>{"moons:noise=0.1", "circles:noise=0.08", "blobs:deviation=1.5"};
  const std::vector<std::int64_t> widths =
      tuning ? std::vector<std::int64_t>{16} : std::vector<std::int64_t>{12, 24, 48, 64};
  for (const std::string& set : sets) {
    for (const std::int64_t units : widths) {
      for (Case& c : cases_on(set, units)) {
        if (c.name.find(filter) != std::string::npos) cases.push_back(std::move(c));
      }
    }
  }
  std::vector<Result> results(cases.size());
  std::vector<std::function<void()>> jobs;
  for (std::size_t i = 0; i < cases.size(); ++i) jobs.push_back([&, i] { results[i] = judge(cases[i], seeds); });
  ef::run_side_by_side(jobs);

  find_healthy(cases, results);
  const auto count = [&](Truth truth) {
    return std::count_if(results.begin(), results.end(), [truth](const Result& r) { return r.truth == truth; });
  };
  fmt::print("{} cases: {} sick by intervention over {} seeds, {} healthy, {} left out\n\n", cases.size(),
             count(Truth::sick), seeds, count(Truth::healthy), count(Truth::undecided));
  for (std::size_t i = 0; i < cases.size(); ++i) print_case(cases[i], results[i], verbose);
  print_counts(cases, results);
  return 0;
}
