#include "evenflow/cure/symptoms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"

namespace evenflow {
namespace {

// A part of a rule's id and the word that it stands for.
struct Word {
  std::string_view part;
  std::string_view word;
};
constexpr Word kWords[] = {
    {"vanishing", "vanishing"},
    {"exploding", "exploding"},
    {"lost-scale", "vanishing"},
    {"dead-units", "dead"},
    {"saturation", "saturation"},
    {"collapse", "collapse"},
    {"initialization", "initialization"},
    {"batch-normalization", "normalization"},
    {"input-scale", "input"},
    {"output-and-loss", "output"},
    {"update-ratio", "rate"},
    {"learning-rate", "rate"},
    {"unstable-loss", "oscillating"},
    {"gradient-spike", "spikes"},
    {"plateau", "slow"},
    {"non-finite", "diverging"},
};

void add(std::vector<Symptom>& list, std::string_view word, std::string reason) {
  const bool known = std::any_of(list.begin(), list.end(), [&](const Symptom& one) { return one.word == word; });
  if (!known) list.push_back({std::string(word), std::move(reason)});
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, values.size()));
}

void add_of_training(std::vector<Symptom>& list, const Case& c) {
  constexpr double kGrowth = 2;
  constexpr double kSpike = 10;  // theory, section 4.3: a heavy tail
  constexpr double kProgress = 0.98;
  constexpr double kNearLimit = 0.6;  // of where the sweep leaves
  constexpr double kFarBelow = 1e-3;
  const Course& course = c.course;
  if (!course.finite) {
    add(list, "diverging", fmt::format("the loss or its gradient is not finite after {} steps", course.losses.size()));
  }
  const std::span<const double> losses(course.losses);
  const std::size_t quarter = losses.size() / 4;
  if (course.finite && quarter >= 4) {
    const double first = mean(losses.first(quarter));
    const double last = mean(losses.last(quarter));
    if (last > kGrowth * first) {
      add(list, "diverging",
          fmt::format("the loss grows from {:.3g} to {:.3g} in {} steps", first, last, losses.size()));
    } else if (!(last < kProgress * first)) {
      add(list, "slow", fmt::format("the loss stays at {:.3g} in the first {} steps", last, losses.size()));
    }
  }
  if (course.largest_norm > kSpike * course.median_norm && course.median_norm > 0) {
    add(list, "spikes",
        fmt::format("the largest gradient norm of {} steps is {:.0f} times their median", losses.size(),
                    course.largest_norm / course.median_norm));
  }
  if (!course.unstable_rate) return;
  const double share = present_rate(c.recipe) / *course.unstable_rate;
  if (share > kNearLimit) {
    add(list, "oscillating", fmt::format("the learning rate is {:.1f} times the one at which a sweep diverges", share));
  } else if (share < kFarBelow) {
    add(list, "rate", fmt::format("a sweep diverges only at {:.0f} times the learning rate", 1 / share));
  }
}

void add_of_data(std::vector<Symptom>& list, const Case& c) {
  constexpr double kLarge = 10;
  constexpr double kSmall = 0.03;
  double squares = 0;
  for (const float value : c.data.x.values()) squares += static_cast<double>(value) * static_cast<double>(value);
  const double size = std::sqrt(squares / static_cast<double>(std::max<std::int64_t>(1, c.data.x.count())));
  if (size > kLarge || size < kSmall) {
    add(list, "input", fmt::format("the inputs have a root mean square of {:.3g}", size));
  }
  const Treatment output = remedy("output_activation").apply(c);
  if (const auto* treated = std::get_if<Treated>(&output)) {
    add(list, "output", "the output does not fit the targets: " + treated->change);
  }
}

void add_of_layers(std::vector<Symptom>& list, const Trace& trace) {
  constexpr double kDead = 0.9;
  for (const LayerTrace& layer : trace.layers) {
    if (layer.dead.value_or(0) > kDead) {
      add(list, "dead", fmt::format("{:.0f} % of the units of {} are dead", 100 * *layer.dead, layer.name));
    }
  }
  if (trace.dead_redraws > 0) {
    add(list, "dead",
        fmt::format("in {} of {} draws of the weights no gradient arrives", trace.dead_redraws, trace.redraws));
  }
}

}  // namespace

std::vector<Symptom> symptoms(const Case& c, std::span<const Finding> findings) {
  std::vector<Symptom> list;
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::info) continue;
    for (const Word& word : kWords) {
      if (finding.rule.find(word.part) != std::string::npos)
        add(list, word.word, finding.rule + ": " + finding.message);
    }
  }
  add_of_layers(list, c.trace);
  add_of_data(list, c);
  add_of_training(list, c);
  return list;
}

bool treats(const Remedy& remedy, std::span<const Symptom> symptoms) {
  const std::vector<std::string> words = split(remedy.treats, ' ');
  return std::any_of(symptoms.begin(), symptoms.end(), [&](const Symptom& symptom) {
    return std::find(words.begin(), words.end(), symptom.word) != words.end();
  });
}

}  // namespace evenflow
