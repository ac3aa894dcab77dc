#include "evenflow/cure/candidates.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "evenflow/base/text.h"
#include "evenflow/cure/rates.h"
#include "evenflow/cure/trial.h"

namespace evenflow {
namespace {

constexpr int kRedraws = 3;
constexpr int kBatches = 2;
constexpr int kProbeBatch = 64;

double complaints(std::span<const Finding> findings) {
  double sum = 0;
  for (const Finding& finding : findings) {
    sum += finding.severity == Severity::error ? 3 : finding.severity == Severity::warning ? 1 : 0.2;
  }
  return sum;
}

// What is wrong at rest counts most, then the size of the change.
double penalty(const Attempt& attempt) {
  constexpr double kPerCost = 0.3;
  const double decades = std::min(3.0, std::abs(attempt.candidate.decades.value_or(3)) / 3);
  return complaints(attempt.findings) + decades + kPerCost * attempt.candidate.cost;
}

bool has_error(std::span<const Finding> findings, std::string_view rule) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return finding.rule == rule && finding.severity == Severity::error;
  });
}

// Settings of the training do not show in a network at rest.
bool changes_network(RemedyKind kind) {
  return kind != RemedyKind::clipping && kind != RemedyKind::learning_rate && kind != RemedyKind::optimizer;
}

// Training reads settings without their defaults.
void complete_optimizer(Recipe& recipe, const Recipe& before) {
  Item& optimizer = recipe.model.compile->optimizer;
  if (!(optimizer == before.model.compile->optimizer)) optimizer = chosen_optimizer(recipe);
}

void measure(Attempt& attempt, const Dataset& data, std::span<const Finding> before) {
  AtRest rest = at_rest(attempt.recipe, data);
  attempt.trace = std::move(rest.trace);
  attempt.findings = std::move(rest.findings);
  Candidate& candidate = attempt.candidate;
  if (attempt.trace.path.size() > 1) candidate.decades = attempt.trace.total_decades.mean;
  for (const Finding& finding : attempt.findings) {
    if (finding.severity != Severity::info) candidate.findings.push_back(finding.rule);
  }
  attempt.penalty = penalty(attempt);
  if (!changes_network(attempt.kinds.back())) return;
  for (const Finding& finding : attempt.findings) {
    if (finding.severity != Severity::error) continue;
    if (!has_error(before, finding.rule) || complaints(attempt.findings) >= complaints(before)) {
      attempt.worth_training = false;
      candidate.fate =
          fmt::format("not trained: {} at rest ({:+.1f} decades)", finding.rule, candidate.decades.value_or(0));
    }
  }
}

}  // namespace

AtRest at_rest(const Recipe& recipe, const Dataset& data) {
  const SavedModel saved{.model = recipe.model};
  AtRest result;
  result.trace = probe(saved, {.data = &data,
                               .batch_size = static_cast<int>(std::min<std::int64_t>(
                                   data.samples(), std::clamp(recipe.batch_size, kProbeBatch, 256))),
                               .batches = kBatches,
                               .redraws = kRedraws,
                               .seed = recipe.seed});
  result.findings = examine(result.trace);
  return result;
}

Plan plan_single(const Case& c, std::span<const Symptom> symptoms, std::span<const Finding> findings,
                 std::span<const RemedyKind> only) {
  Plan plan;
  for (const Remedy* one : all_remedies()) {
    const bool wanted = only.empty() || std::find(only.begin(), only.end(), one->kind) != only.end();
    if (!wanted || !treats(*one, symptoms)) continue;
    Treatment treatment = one->apply(c);
    if (const auto* refusal = std::get_if<Refusal>(&treatment)) {
      plan.refused.push_back({std::string(one->id), refusal->reason});
      continue;
    }
    auto& treated = std::get<Treated>(treatment);
    plan.attempts.push_back(
        {.candidate = {.remedies = {std::string(one->id)}, .changes = {std::move(treated.change)}, .cost = one->cost},
         .recipe = std::move(treated.recipe),
         .kinds = {one->kind}});
  }
  std::vector<std::function<void()>> jobs;
  for (Attempt& attempt : plan.attempts) {
    jobs.push_back([&attempt, &c, findings] { measure(attempt, c.data, findings); });
  }
  run_side_by_side(jobs);
  std::stable_sort(plan.attempts.begin(), plan.attempts.end(), [](const Attempt& a, const Attempt& b) {
    return a.worth_training != b.worth_training ? a.worth_training : a.penalty < b.penalty;
  });
  return plan;
}

std::optional<Attempt> combined(const Attempt& attempt, const Case& c, std::string_view id) {
  const Remedy& second = remedy(id);
  Treatment treatment = second.apply(c);
  auto* const treated = std::get_if<Treated>(&treatment);
  if (treated == nullptr) return std::nullopt;
  complete_optimizer(treated->recipe, c.recipe);
  Attempt result{.candidate = {.remedies = attempt.candidate.remedies,
                               .changes = attempt.candidate.changes,
                               .cost = attempt.candidate.cost + second.cost},
                 .recipe = std::move(treated->recipe),
                 .kinds = attempt.kinds};
  result.candidate.remedies.emplace_back(id);
  result.candidate.changes.push_back(std::move(treated->change));
  result.kinds.push_back(second.kind);
  measure(result, c.data, attempt.findings);
  if (!result.worth_training) return std::nullopt;
  return result;
}

}  // namespace evenflow
