// A learning rate of the wrong order: every layer moves too far, or none moves (theory, section 5.5).
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/health/flow.h"
#include "evenflow/health/rule.h"

namespace evenflow::rules {
namespace {

constexpr double kTooFar = 0.3;
constexpr double kFatal = 3;  // the first gradients are the largest of a training: less than this may be over soon
constexpr double kTooLittle = 1e-7;
constexpr double kHealthy = 1e-3;

Verdict check(const Trace& trace) {
  const Updates u = updates(trace);
  if (!u.known || !(trace.learning_rate > 0)) return Silence{"no updates were measured"};
  const double typical = std::sqrt(u.smallest * u.largest);
  const bool far = u.smallest > kTooFar;
  const bool little = u.largest < kTooLittle && u.largest > 0;
  if (!far && !little) {
    return Silence{fmt::format("{:g} moves layers by {:.0e} to {:.0e} of their weights per step", trace.learning_rate,
                               u.smallest, u.largest)};
  }
  Finding finding{.severity = u.smallest > kFatal ? Severity::error : Severity::warning};
  finding.evidence = {{"learning_rate", trace.learning_rate, "per step"},
                      {"smallest_update_ratio", u.smallest, "of the weights per step"},
                      {"largest_update_ratio", u.largest, "of the weights per step"}};
  finding.message =
      far ? fmt::format("A learning rate of {:g} changes every layer by more than {:.2g} of its weights in one step.",
                        trace.learning_rate, u.smallest)
          : fmt::format(
                "A learning rate of {:g} changes no layer by more than {:.0e} of its weights in a step: a million "
                "steps would not do.",
                trace.learning_rate, u.largest);
  finding.cause = {{"the learning rate", std::log10(typical / kHealthy), "against updates of 1e-3 of the weights"}};
  finding.advice = {fmt::format("a learning rate of about {:.1g}", trace.learning_rate * kHealthy / typical)};
  return finding;
}

}  // namespace

extern const Rule learning_rate;
constinit const Rule learning_rate{
    .id = "learning-rate",
    .summary = "The learning rate is of the wrong order.",
    .check = check,
};

}  // namespace evenflow::rules
