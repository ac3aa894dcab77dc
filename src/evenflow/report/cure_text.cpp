// The text of `evenflow cure`.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/report.h"
#include "evenflow/report/keras_code.h"
#include "evenflow/report/layout.h"

namespace evenflow {
namespace {

using layout::Color;
using layout::colored;
using layout::Column;
using Verdict = Outcome::Verdict;

// A score as people know it: accuracy in percent, a loss as itself.
std::string score_text(double score, const Outcome& o) {
  if (!std::isfinite(score)) return "-";
  return o.metric_is_loss ? fmt::format("{:.3g}", std::pow(10.0, -score)) : fmt::format("{:.1f} %", 100 * score);
}

std::string mean_score(const std::vector<TrialResult>& trials, const Outcome& o) {
  if (trials.empty()) return "";
  double sum = 0;
  for (const TrialResult& trial : trials) sum += trial.score / static_cast<double>(trials.size());
  const bool broken = std::none_of(trials.begin(), trials.end(), [](const TrialResult& t) { return t.finite; });
  return broken ? "NaN" : score_text(sum, o);
}

// Points of accuracy; of a loss the factor.
std::string gain_text(const std::optional<Interval>& gain, const Outcome& o) {
  if (!gain) return "";
  if (o.metric_is_loss) {
    return fmt::format("x {:.2g} [{:.2g}, {:.2g}]", std::pow(10.0, -gain->mean), std::pow(10.0, -gain->high),
                       std::pow(10.0, -gain->low));
  }
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", 100 * gain->mean, 100 * gain->low, 100 * gain->high);
}

// Trainings that broke down have fewer.
std::int64_t steps_of_proof(const Outcome& o) {
  std::int64_t steps = 0;
  for (const Candidate& candidate : o.tried) {
    for (const TrialResult& trial : candidate.proof) steps = std::max(steps, trial.steps);
  }
  return steps;
}

std::string decades_text(const std::optional<double>& decades) {
  if (!decades) return "";
  return *decades <= kZeroNorm / 2 ? "no gradient" : fmt::format("{:+.1f}", *decades);
}

std::string headline(const Outcome& o, const TextStyle& style) {
  switch (o.verdict) {
    case Verdict::cured:
      return colored("cured", Color::green, style);
    case Verdict::no_cure_needed:
      return colored("no cure needed", Color::green, style);
    case Verdict::not_improved:
      return colored("could not improve it", Color::yellow, style);
    case Verdict::data:
      return colored("the data, not the gradients", Color::yellow, style);
    case Verdict::planned:
      return colored("plan", Color::bold, style);
    case Verdict::interrupted:
      return colored("interrupted", Color::yellow, style);
  }
  return {};
}

std::string name_of(const Candidate& candidate) {
  return candidate.remedies.empty() ? "original" : join(candidate.remedies, " + ");
}

bool was_trained(const Candidate& candidate) {
  return !candidate.screening.empty() || !candidate.proof.empty();
}

// Of a plan all of them, else those that were trained and the original.
bool in_table(const Candidate& candidate, const Outcome& o) {
  return o.verdict == Verdict::planned || candidate.remedies.empty() || was_trained(candidate);
}

// Why the others were not, each reason once.
std::string untrained_text(const Outcome& o, const TextStyle& style) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_fate;
  for (const Candidate& candidate : o.tried) {
    if (in_table(candidate, o)) continue;
    const std::string fate =
        candidate.fate.empty() ? "not trained" : candidate.fate.substr(0, candidate.fate.find(" ("));
    const auto known = std::find_if(by_fate.begin(), by_fate.end(), [&](const auto& one) { return one.first == fate; });
    auto& names =
        known == by_fate.end() ? by_fate.emplace_back(fate, std::vector<std::string>()).second : known->second;
    names.push_back(name_of(candidate));
  }
  std::string text;
  for (const auto& [fate, names] : by_fate) text += layout::paragraph(fate + ": " + join(names), 0, style.width);
  return text;
}

std::string tried_table(const Outcome& o, const TextStyle& style) {
  std::vector<Column> columns = {
      {.title = "tried", .left = true, .importance = 9},
      {.title = "flow", .importance = 6},
      {.title = "screened", .importance = 3},
      {.title = "proof", .importance = 7},
      {.title = "gain [95 %]", .importance = 8},
      {.title = "what became of it", .left = true, .importance = 2},
  };
  std::optional<std::size_t> winner_row;
  for (std::size_t i = 0; i < o.tried.size(); ++i) {
    const Candidate& candidate = o.tried[i];
    if (!in_table(candidate, o)) continue;
    if (o.winner == i) winner_row = columns[0].cells.size();
    columns[0].cells.push_back(name_of(candidate));
    columns[1].cells.push_back(decades_text(candidate.decades));
    columns[2].cells.push_back(candidate.screening.empty() ? ""
                                                           : mean_score({candidate.screening.back()}, o) +
                                                                 fmt::format(" @{}", candidate.screening.back().steps));
    columns[3].cells.push_back(mean_score(candidate.proof, o));
    columns[4].cells.push_back(gain_text(candidate.gain, o));
    columns[5].cells.push_back(candidate.fate);
  }
  const std::size_t rows = columns[0].cells.size();
  columns = layout::fit(std::move(columns), style.width);
  std::string text = colored(layout::header(columns), Color::dim, style);
  if (!text.ends_with('\n')) text += '\n';
  for (std::size_t i = 0; i < rows; ++i) {
    std::string row = layout::row(columns, i);
    if (!row.ends_with('\n')) row += '\n';
    text += winner_row == i ? colored(row.substr(0, row.size() - 1), Color::bold, style) + '\n' : row;
  }
  return text;
}

std::string legend(const Outcome& o) {
  std::string text = "flow: decades from the last layer's gradient to the first's, before training; ";
  text += fmt::format("screened, proof: {} of held-out samples", o.metric);
  const std::size_t seeds = o.tried.empty() ? 0 : o.tried.front().proof.size();
  if (seeds > 0) {
    text +=
        fmt::format("; the proof is the mean of {} trainings of {} steps with seeds that the screening has not seen",
                    seeds, with_thousands(steps_of_proof(o)));
    text += o.metric_is_loss ? "; gain: factor on the loss, paired by seed" : "; gain: points, paired by seed";
  }
  return text;
}

// "binary_accuracy of held-out samples 49.9 % -> 68.0 % after 270 steps, mean of 5 seeds".
std::string gain_sentence(const Outcome& o) {
  if (!o.winner) return "";
  const Candidate& winner = o.tried[*o.winner];
  const std::int64_t steps = steps_of_proof(o);
  const std::string part =
      steps < o.steps_of_one
          ? fmt::format(" ({:.2g} of a training)", static_cast<double>(steps) / static_cast<double>(o.steps_of_one))
          : " (a whole training)";
  return fmt::format("{} of held-out samples {} -> {} after {} steps{}, mean of {} seeds; gain {} with 95 % confidence",
                     o.metric, mean_score(o.tried.front().proof, o), mean_score(winner.proof, o), with_thousands(steps),
                     part, winner.proof.size(), gain_text(winner.gain, o));
}

std::string layers_text(const std::vector<std::string>& layers) {
  if (layers.empty()) return "";
  if (layers.size() == 1) return "  # " + layers.front();
  return fmt::format("  # {} ... {} ({} layers)", layers.front(), layers.back(), layers.size());
}

// The same line but for the numbers in its names, as residual connections make them.
bool alike(const CodeChange& a, const CodeChange& b) {
  const auto without_digits = [](std::string text) {
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text;
  };
  return a.kind == b.kind && a.layers.size() == b.layers.size() && without_digits(a.code) == without_digits(b.code);
}

std::string change_text(const Outcome& o, const TextStyle& style) {
  constexpr std::size_t kMostAlike = 3;
  std::string text = "the change\n";
  const std::vector<CodeChange> changes = code_changes(o.original.model, o.cured.model);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const CodeChange& change = changes[i];
    const bool removed = change.kind == CodeChange::Kind::removed;
    text += "  " +
            colored(fmt::format("{} {}", static_cast<char>(change.kind), change.code),
                    removed ? Color::red : Color::green, style) +
            printable(layers_text(change.layers)) + '\n';
    std::size_t end = i + 1;
    while (end < changes.size() && alike(changes[i], changes[end])) ++end;
    if (end - i <= kMostAlike) continue;
    text += fmt::format("    ... {} more, to {}\n", end - i - 1, printable(changes[end - 1].code));
    i = end - 1;
  }
  return text;
}

// Decades below the last kernel layer, by layer name.
std::optional<double> decades_of(const Trace& trace, std::string_view name) {
  if (trace.path.empty()) return std::nullopt;
  const auto& last = trace.layers[trace.path.back()].pre_activation_norm;
  for (const std::size_t index : trace.path) {
    const LayerTrace& layer = trace.layers[index];
    if (layer.name == name && layer.pre_activation_norm && last) return *layer.pre_activation_norm - *last;
  }
  return std::nullopt;
}

std::string layer_table(const Outcome& o, const TextStyle& style) {
  std::vector<Column> columns = {{.title = "layer", .left = true, .importance = 9},
                                 {.title = "before", .importance = 8},
                                 {.title = "after", .importance = 8},
                                 {.title = "update before", .importance = 5},
                                 {.title = "after", .importance = 5}};
  const auto update = [](const std::optional<double>& ratio) { return ratio ? layout::short_number(*ratio) : ""; };
  for (std::size_t i = o.before.path.size(); i-- > 0;) {
    const LayerTrace& layer = o.before.layers[o.before.path[i]];
    const auto same = std::find_if(o.after.layers.begin(), o.after.layers.end(),
                                   [&](const LayerTrace& other) { return other.name == layer.name; });
    columns[0].cells.push_back(layer.name);
    columns[1].cells.push_back(decades_text(decades_of(o.before, layer.name)));
    columns[2].cells.push_back(decades_text(decades_of(o.after, layer.name)));
    columns[3].cells.push_back(update(layer.update_ratio));
    columns[4].cells.push_back(same == o.after.layers.end() ? "" : update(same->update_ratio));
  }
  const std::size_t rows = columns[0].cells.size();
  columns = layout::fit(std::move(columns), style.width);
  std::string text = "gradient of each layer (decades below the last) and its update per step\n";
  const auto line = [](std::string row) { return row.ends_with('\n') ? row : row + '\n'; };
  text += line(colored(layout::header(columns), Color::dim, style));
  for (std::size_t i = 0; i < rows; ++i) text += line(layout::row(columns, i));
  return text;
}

// Why the rest was not tried: of no account where there is a cure.
std::string refused_text(const Outcome& o, const TextStyle& style) {
  std::string text;
  for (const Refused& one : o.refused) {
    text += layout::paragraph(fmt::format("not applied  {}: {}", one.remedy, printable(one.reason)), 2, style.width);
  }
  return text.empty() ? text : text + '\n';
}

std::string cost_text(const Outcome& o) {
  if (o.steps == 0) return "";
  return fmt::format(
      "{} steps of search and {} of proof in {:.1f} s; one whole training of the original is {} steps, about {:.1f} "
      "s.\n",
      with_thousands(o.search_steps), with_thousands(o.steps - o.search_steps), o.seconds,
      with_thousands(o.steps_of_one), o.seconds_of_one);
}

}  // namespace

std::string cure_text(const Outcome& o, const TextStyle& style) {
  std::string text = colored(printable(o.original.model.name), Color::bold, style) + "   " + headline(o, style) + '\n';
  text += layout::paragraph(printable(o.reason), 2, style.width) + '\n';
  if (o.winner) text += layout::paragraph(gain_sentence(o), 2, style.width) + '\n';
  for (const std::string& symptom : o.symptoms) {
    text += layout::paragraph("why  " + printable(symptom), 2, style.width);
  }
  if (!o.symptoms.empty()) text += '\n';
  text += tried_table(o, style);
  text += untrained_text(o, style);
  text += colored(layout::paragraph(legend(o), 0, style.width), Color::dim, style) + '\n';
  if (o.verdict != Verdict::cured) text += refused_text(o, style);
  if (o.verdict == Verdict::cured) text += layer_table(o, style) + '\n' + change_text(o, style) + '\n';
  return text + cost_text(o);
}

}  // namespace evenflow
