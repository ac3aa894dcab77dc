// Reports: traces and findings in, text or JSON out. Nothing is computed here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evenflow/cure.h"
#include "evenflow/health.h"
#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow {

struct TextStyle {
  bool color = false;
  bool unicode = true;
  int width = 100;  // columns
};

// What `evenflow check` prints: the heading, a row per layer (runs of alike layers folded), then the findings, and the
// reasons of the rules that found nothing.
std::string check_text(const Trace& trace, std::span<const Finding> findings, const TextStyle& style,
                       std::span<const std::string> silences = {});

// docs/check.schema.json describes it; "schema_version" is 1.
Json check_json(const Trace& trace, std::span<const Finding> findings);

// What `evenflow predict-flow` prints, and the same as JSON.
std::string flow_text(const FlowPrediction& prediction, const TextStyle& style);
Json flow_json(const FlowPrediction& prediction);

// What `evenflow diagnose` prints: findings, and the reasons of the rules that found nothing.
std::string findings_text(std::span<const Finding> findings, const TextStyle& style,
                          std::span<const std::string> silences = {});

// What `evenflow cure` prints: the verdict, why and what was tried with its figures, before and after of each layer,
// and the change as lines of Keras code.
std::string cure_text(const Outcome& outcome, const TextStyle& style);

// What `evenflow info` prints: layers, shapes, parameters, compile settings.
std::string model_text(const Model& model, const TextStyle& style);

// ---- HTML ---------------------------------------------------------------------------------------------------------

// One recorded run as the HTML report shows it.
struct ReportedRun {
  std::string name;     // of its file
  std::string command;  // that made it
  std::uint64_t seed = 0;
  std::vector<std::pair<std::string, std::string>> settings;  // name, value
  RunTrace trace;                                             // with the probe at the start, where there is one
  std::optional<Trace> end;                                   // the network at rest after the last step
  std::vector<Finding> findings;
  std::vector<std::string> silences;
};

// The data of the page, as web/src/data.ts declares it. Long runs are thinned: the first and the last step stay, those
// where a finding begins and those that are not finite.
Json report_json(std::span<const ReportedRun> runs);

// One file without outside requests. Throws Error(unsupported) when the program was built without the page.
std::string html_report(const Json& report);

}  // namespace evenflow
