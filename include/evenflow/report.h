// Reports: traces and findings in, text or JSON out. Nothing is computed here.
#pragma once

#include <span>
#include <string>

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

// What `evenflow info` prints: layers, shapes, parameters, compile settings.
std::string model_text(const Model& model, const TextStyle& style);

}  // namespace evenflow
