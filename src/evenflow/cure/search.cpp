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
  if (interrupted()) return;  // half a look would lead to other remedies than a whole one
  looked_ = true;
  course_.unstable_rate = swept.unstable_rate;
  course_.best_rate = swept.best_rate;
  symptoms_ = symptoms(case_of(entries_[0].attempt, course_), outcome_.findings_before);
  for (const Symptom& symptom : symptoms_) outcome_.symptoms.push_back(symptom.word + ": " + symptom.reason);

  if (const auto known = journal_.seconds_per_step()) course_.seconds_per_step = *known;
  journal_.set_seconds_per_step(course_.seconds_per_step);
  outcome_.seconds_of_one = static_cast<double>(outcome_.steps_of_one) * course_.seconds_per_step;
}

double Search::workers() const {
  return std::max(1, threads());
}

void Search::set_allowance() {
  if (options_.epochs) {
    allowance_ = *options_.epochs * static_cast<double>(steps_per_epoch_);
    return;
  }
  const double seconds = options_.seconds.value_or(std::max(kLeastSeconds, outcome_.seconds_of_one));
  allowance_ = (1 - kEvaluationShare) * seconds * workers() / std::max(course_.seconds_per_step, 1e-7);
  // Only a time that the user gave is one of the clock: else the outcome would depend on what others do meanwhile.
  if (!options_.seconds) return;
  until_.deadline =
      start_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
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

// A step of a candidate may take longer than one of the original; with a budget in epochs a step is a step.
void Search::charge(std::int64_t steps, double seconds) {
  const double of_time = options_.epochs ? 0 : seconds / std::max(course_.seconds_per_step, 1e-7);
  allowance_ -= std::max(static_cast<double>(steps), of_time);
}

bool Search::train(std::span<const Job> jobs, std::int64_t steps) {
  struct Spent {
    std::int64_t steps = 0;
    double seconds = 0;
  };
  std::vector<Spent> spent_on(jobs.size());
  std::vector<std::function<void()>> work;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& [index, seed, run] = jobs[i];
    if (run->result.steps >= steps || (run->result.steps > 0 && !run->result.finite)) continue;
    if (const auto known = journal_.find(entries_[index].attempt.candidate, seed, steps)) {
      // A budget is one of the whole search, but a time of the clock begins anew.
      if (!options_.seconds) charge(known->steps - run->result.steps, known->seconds - run->result.seconds);
      run->result = *known;
      continue;
    }
    work.push_back([this, steps, &spent = spent_on[i], &entry = entries_[index], seed, run] {
      if (until_.reached()) return;
      if (!run->trial) {
        run->trial = std::make_unique<Trial>(entry.attempt.recipe, trial_data_, measure_, seed);
        for (const std::int64_t piece : run->steps) run->trial->train_to(piece, until_);
      }
      const TrialResult before = run->trial->progress();
      run->trial->train_to(steps, until_);
      run->result = run->trial->result();
      spent = {run->result.steps - before.steps, run->result.seconds - before.seconds};
    });
  }
  run_side_by_side(work);
  bool complete = true;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& [index, seed, run] = jobs[i];
    outcome_.steps += spent_on[i].steps;
    charge(spent_on[i].steps, spent_on[i].seconds);
    const bool there = run->result.steps >= steps || (run->result.steps > 0 && !run->result.finite);
    complete = complete && there;
    if (!there || (!run->steps.empty() && run->steps.back() >= steps)) continue;
    run->steps.push_back(steps);
    journal_.add(entries_[index].attempt.candidate, seed, steps, run->result);
  }
  journal_.write();
  return complete;
}

double Search::steps_left() const {
  if (!until_.deadline || outcome_.steps == 0) return std::max(0.0, allowance_);
  const double left = std::chrono::duration<double>(*until_.deadline - std::chrono::steady_clock::now()).count();
  const double speed = static_cast<double>(outcome_.steps) / std::max(1e-6, seconds_since(start_));
  return std::clamp(0.9 * speed * left, 0.0, std::max(0.0, allowance_));
}

bool Search::trains_as_it_is() {
  tell("no symptoms: training the original as it is");
  prove({}, false);
  const std::vector<double> scores = proof_scores(0);
  return scores.size() >= 2 && learned(interval(scores).low);
}

CureResult Search::run() {
  if (!options_.journal.empty() && !options_.plan_only) {
    journal_ = Journal(options_.journal, recipe_, data_, options_);
    if (journal_.continues()) tell("going on with what the interrupted search has learned");
  }
  look();
  set_allowance();
  const bool healthy = symptoms_.empty();
  bool done = !looked_;
  if (looked_ && healthy && !options_.plan_only && !until_.reached()) done = trains_as_it_is();
  if (!done) {
    const std::int64_t proof_steps = outcome_.steps;  // of the original alone
    if (healthy && !options_.plan_only && !until_.reached()) {
      symptoms_.push_back({"slow", "it does not learn more than a constant"});
      outcome_.symptoms.push_back("slow: it does not learn more than a constant");
    }
    plan();
    if (!options_.plan_only && !until_.reached()) {
      screen();
      outcome_.search_steps = outcome_.steps - proof_steps;
      std::vector<std::vector<std::size_t>> sets = finalists();
      if (sets.empty()) sets.emplace_back();  // nothing to compare it with: does it train?
      for (const std::vector<std::size_t>& set : sets) {
        if (until_.reached() || outcome_.winner || (proved_steps_ > 0 && !original_fails())) break;
        prove(set, &set != &sets.back());
      }
    }
  }
  CureResult result = this->result();
  if (result.outcome.verdict != Outcome::Verdict::interrupted) journal_.remove();
  result.outcome.seconds = seconds_since(start_);
  return result;
}

CureResult cure(const Recipe& recipe, const Dataset& data, const CureOptions& options) {
  return Search(recipe, data, options).run();
}

}  // namespace evenflow
