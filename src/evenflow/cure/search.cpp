#include "evenflow/cure/search.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "evenflow/base/text.h"
#include "evenflow/base/threads.h"

namespace evenflow {
namespace {

constexpr std::size_t kMostTrained = 8;  // single remedies
constexpr std::size_t kMostOfAKind = 4;
constexpr double kScreeningShare = 0.4;    // of the steps; the rest is for the proof
constexpr double kEvaluationShare = 0.15;  // of the time, for held-out samples and compiling

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string layers_that_exist(const Recipe& recipe) {
  std::vector<std::string> names;
  for (const Layer& layer : recipe.model.layers) names.push_back(layer.name);
  return join(names);
}

void require_usable(const Recipe& recipe, const Dataset& data, const CureOptions& options) {
  if (!recipe.model.compile || !recipe.model.compile->has_loss()) {
    fail(ErrorKind::usage, "model '{}' has no loss: compile it first", recipe.model.name);
  }
  if (!recipe.model.compile->outputs.empty() || recipe.model.outputs.size() != 1) {
    fail(ErrorKind::unsupported, "a cure needs a model with one output and one loss");
  }
  if (recipe.epochs < 1 || recipe.batch_size < 1) fail(ErrorKind::usage, "epochs and batch size must be at least 1");
  require_targets(data);
  if (options.seeds < 2) fail(ErrorKind::usage, "a proof needs at least 2 seeds, not {}", options.seeds);
  for (const std::string& name : options.keep) {
    if (recipe.model.find(name) == nullptr) {
      fail(ErrorKind::usage, "there is no layer '{}' to keep; there are {}", printable(name),
           layers_that_exist(recipe));
    }
  }
}

}  // namespace

Search::Search(const Recipe& recipe, const Dataset& data, const CureOptions& options)
    : recipe_(recipe), data_(data), options_(options) {
  require_usable(recipe, data, options);
  trial_data_ = trial_data(data, recipe.seed);
  measure_ = measure_for(recipe.model, data, trial_data_.y_held);
  steps_per_epoch_ = (trial_data_.x.shape()[0] + recipe.batch_size - 1) / recipe.batch_size;
  until_.stop = options.stop;
  outcome_.original = recipe;
  outcome_.cured = recipe;
  outcome_.metric = measure_.metric.type;
  outcome_.metric_is_loss = measure_.is_loss;
  outcome_.constant_score = measure_.constant_score;
  outcome_.steps_of_one = steps_per_epoch_ * recipe.epochs;
}

void Search::tell(const std::string& line) const {
  if (options_.progress) options_.progress(line);
}

Case Search::case_of(const Attempt& attempt, const Course& course) const {
  return {.recipe = attempt.recipe,
          .data = data_,
          .trace = attempt.trace,
          .course = course,
          .keep = options_.keep,
          .steps = outcome_.steps_of_one};
}

void Search::look() {
  Entry original;
  original.attempt.recipe = recipe_;
  AtRest rest = at_rest(recipe_, data_);
  original.attempt.trace = outcome_.before = outcome_.after = rest.trace;
  original.attempt.findings = outcome_.findings_before = outcome_.findings_after = rest.findings;
  if (rest.trace.path.size() > 1) original.attempt.candidate.decades = rest.trace.total_decades.mean;
  for (const Finding& finding : rest.findings) {
    if (finding.severity != Severity::info) original.attempt.candidate.findings.push_back(finding.rule);
  }
  original.attempt.candidate.fate = "the original";
  entries_.push_back(std::move(original));

  Course swept;
  const std::function<void()> jobs[] = {
      [&] { course_ = watch_course(recipe_, trial_data_, recipe_.seed, until_); },
      [&] { sweep_rates(swept, recipe_, trial_data_, recipe_.seed, until_); },
  };
  run_side_by_side(jobs);
  course_.unstable_rate = swept.unstable_rate;
  course_.best_rate = swept.best_rate;
  symptoms_ = symptoms(case_of(entries_[0].attempt, course_), outcome_.findings_before);
  for (const Symptom& symptom : symptoms_) outcome_.symptoms.push_back(symptom.word + ": " + symptom.reason);

  outcome_.seconds_of_one = static_cast<double>(outcome_.steps_of_one) * course_.seconds_per_step;
  if (options_.epochs) {
    allowance_ = *options_.epochs * static_cast<double>(steps_per_epoch_);
  } else {
    const double seconds = options_.seconds.value_or(std::max(kLeastSeconds, outcome_.seconds_of_one));
    const double workers = std::max(1, threads());
    allowance_ = (1 - kEvaluationShare) * seconds * workers / std::max(course_.seconds_per_step, 1e-7);
    // Candidates may cost more than the original, and others may use the machine: a time that the user gave is kept.
    const double latest = options_.seconds ? 1.1 * seconds : 4 * seconds;
    until_.deadline =
        start_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(latest));
  }
}

void Search::plan() {
  Plan plan = plan_single(case_of(entries_[0].attempt, course_), symptoms_, outcome_.findings_before, options_.only);
  outcome_.refused = std::move(plan.refused);
  std::size_t trained = 0;
  std::map<RemedyKind, std::size_t> of_kind;
  for (Attempt& attempt : plan.attempts) {
    if (attempt.worth_training && (trained >= kMostTrained || of_kind[attempt.kinds.front()] >= kMostOfAKind)) {
      attempt.worth_training = false;
      attempt.candidate.fate = "not trained: others of its kind look better at rest";
    }
    if (attempt.worth_training) {
      ++trained;
      ++of_kind[attempt.kinds.front()];
    }
    entries_.push_back({.attempt = std::move(attempt)});
  }
  tell(fmt::format("{} remedies planned, {} to be trained", entries_.size() - 1, trained));
}

// Trains every entry of `alive` to that many steps and drops those that did not get there.
void Search::advance(std::vector<std::size_t>& alive, std::int64_t steps) {
  std::vector<std::function<void()>> jobs;
  for (const std::size_t index : alive) {
    jobs.push_back([this, index, steps] {
      Entry& entry = entries_[index];
      if (!entry.trial)
        entry.trial = std::make_unique<Trial>(entry.attempt.recipe, trial_data_, measure_, recipe_.seed);
      entry.trial->train_to(steps, until_);
      entry.attempt.candidate.screening.push_back(entry.trial->result());
    });
  }
  run_side_by_side(jobs);
  for (const std::size_t index : alive) {
    const auto& results = entries_[index].attempt.candidate.screening;
    const std::int64_t before = results.size() > 1 ? results[results.size() - 2].steps : 0;
    outcome_.steps += results.back().steps - before;
    allowance_ -= static_cast<double>(results.back().steps - before);
  }
  std::stable_sort(alive.begin(), alive.end(), [&](std::size_t a, std::size_t b) {
    if (entries_[a].finite() != entries_[b].finite()) return entries_[a].finite();
    const double difference = entries_[a].score() - entries_[b].score();
    if (std::abs(difference) > measure_.margin) return difference > 0;
    return entries_[a].attempt.penalty < entries_[b].attempt.penalty;
  });
}

// Pairs of the best remedies of different kinds, and the best with a learning rate of its own.
void Search::combine(std::vector<std::size_t>& alive, std::int64_t steps) {
  std::vector<std::size_t> best;
  for (const std::size_t index : alive) {
    if (index != 0 && best.size() < 3) best.push_back(index);
  }
  const auto allowed = [&](RemedyKind kind) {
    return options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), kind) != options_.only.end();
  };
  std::vector<Attempt> pairs;
  for (std::size_t i = 1; i < best.size(); ++i) {
    const Attempt& first = entries_[best[0]].attempt;
    const Attempt& second = entries_[best[i]].attempt;
    if (first.kinds.front() == second.kinds.front()) continue;
    if (auto pair = combined(first, case_of(first, course_), second.candidate.remedies.front())) {
      pairs.push_back(std::move(*pair));
    }
  }
  if (!best.empty() && allowed(RemedyKind::learning_rate)) {
    const Attempt& first = entries_[best[0]].attempt;
    Course course;
    const std::function<void()> jobs[] = {
        [&] { sweep_rates(course, first.recipe, trial_data_, recipe_.seed, until_); }};
    run_side_by_side(jobs);
    const bool has_rate = first.kinds.front() == RemedyKind::learning_rate;
    if (auto pair = has_rate ? std::nullopt : combined(first, case_of(first, course), "learning_rate")) {
      pairs.push_back(std::move(*pair));
    }
  }
  std::vector<std::size_t> added;
  for (Attempt& pair : pairs) {
    const auto same = [&](const Entry& entry) { return entry.attempt.recipe == pair.recipe; };
    if (std::any_of(entries_.begin(), entries_.end(), same)) continue;
    added.push_back(entries_.size());
    entries_.push_back({.attempt = std::move(pair)});
  }
  tell(fmt::format("{} combinations of two", added.size()));
  advance(added, steps);
  alive.insert(alive.end(), added.begin(), added.end());
}

void Search::screen() {
  std::vector<std::size_t> alive{0};
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    if (entries_[i].attempt.worth_training) alive.push_back(i);
  }
  // Three rungs of 1, 3 and 9 units, of all, a half and a quarter of them, and three combinations at the second.
  const auto count = static_cast<double>(alive.size());
  const double units = count + 2 * count / 2 + 3 * 3 + 6 * (count / 4 + 2);
  const auto unit =
      static_cast<std::int64_t>(std::clamp(kScreeningShare * allowance_ / units, static_cast<double>(kLeastSteps),
                                           std::max(1.0, static_cast<double>(outcome_.steps_of_one) / 9)));
  const auto cut = [&](std::size_t left, std::int64_t steps) {
    for (std::size_t i = left; i < alive.size(); ++i) {
      if (alive[i] != 0) entries_[alive[i]].attempt.candidate.fate = fmt::format("eliminated after {} steps", steps);
    }
    alive.resize(std::min(left, alive.size()));
  };
  tell(fmt::format("screening {} candidates, {} steps", alive.size() - 1, unit));
  advance(alive, unit);
  cut(std::max<std::size_t>(3, (alive.size() + 1) / 2), unit);
  if (until_.reached()) return;
  advance(alive, 3 * unit);
  combine(alive, 3 * unit);
  std::stable_sort(alive.begin(), alive.end(), [&](std::size_t a, std::size_t b) {
    const double difference = entries_[a].score() - entries_[b].score();
    return std::abs(difference) > measure_.margin ? difference > 0
                                                  : entries_[a].attempt.penalty < entries_[b].attempt.penalty;
  });
  cut(std::max<std::size_t>(4, (alive.size() + 2) / 3), 3 * unit);
  if (until_.reached()) return;
  // Half of what is left is for this rung; a machine may have become slower since the first steps were timed.
  const auto more = static_cast<std::int64_t>(0.5 * steps_left() / static_cast<double>(alive.size()));
  const std::int64_t longest = std::min(9 * unit, 3 * unit + std::max(kLeastSteps, more));
  tell(fmt::format("screening {} candidates, {} steps", alive.size() - 1, longest));
  advance(alive, longest);
  for (const std::size_t index : alive) {
    if (index != 0) entries_[index].attempt.candidate.fate = fmt::format("screened to {} steps", longest);
  }
}

// The two best, and the smallest change that is as good as they are.
std::vector<std::size_t> Search::finalists() const {
  std::vector<std::size_t> order;
  std::int64_t longest = 0;
  for (const Entry& entry : entries_) {
    for (const TrialResult& trial : entry.attempt.candidate.screening) longest = std::max(longest, trial.steps);
  }
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const auto& screening = entries_[i].attempt.candidate.screening;
    if (!screening.empty() && screening.back().finite && screening.back().steps == longest) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return entries_[a].score() > entries_[b].score(); });
  std::vector<std::size_t> result(order.begin(),
                                  order.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(2, order.size())));
  std::optional<std::size_t> smallest;
  for (const std::size_t index : order) {
    if (entries_[index].score() < entries_[order.front()].score() - 2 * measure_.margin) continue;
    const int cost = entries_[index].attempt.candidate.cost;
    if (!smallest || cost < entries_[*smallest].attempt.candidate.cost) smallest = index;
  }
  if (smallest && std::find(result.begin(), result.end(), *smallest) == result.end()) result.push_back(*smallest);
  return result;
}

double Search::steps_left() const {
  if (!until_.deadline || outcome_.steps == 0) return allowance_;
  const double left = std::chrono::duration<double>(*until_.deadline - std::chrono::steady_clock::now()).count();
  const double speed = static_cast<double>(outcome_.steps) / std::max(1e-6, seconds_since(start_));
  return std::clamp(0.9 * speed * left, 0.0, std::max(0.0, allowance_));
}

CureResult Search::run() {
  look();
  const bool healthy = symptoms_.empty();
  bool done = false;
  if (healthy && !options_.plan_only && !until_.reached()) done = trains_as_it_is();
  if (!done) {
    if (healthy && !options_.plan_only) {
      entries_[0].attempt.candidate.proof.clear();
      symptoms_.push_back({"slow", "it does not learn more than a constant"});
      outcome_.symptoms.push_back("slow: it does not learn more than a constant");
    }
    plan();
    if (!options_.plan_only && !until_.reached()) {
      screen();
      if (!until_.reached()) prove(finalists());
    }
  }
  CureResult result = this->result();
  result.outcome.seconds = seconds_since(start_);
  return result;
}

CureResult cure(const Recipe& recipe, const Dataset& data, const CureOptions& options) {
  return Search(recipe, data, options).run();
}

}  // namespace evenflow
