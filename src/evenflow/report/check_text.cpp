// The text of `evenflow check`.
#include <algorithm>
#include <cmath>

#include "evenflow/base/text.h"
#include "evenflow/report.h"
#include "evenflow/report/layer_rows.h"
#include "evenflow/report/layout.h"

namespace evenflow {
namespace {

using layout::Color;
using layout::colored;

std::string plural(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", with_thousands(count), noun, count == 1 ? "" : "s");
}

std::string heading(const Trace& trace, const TextStyle& style) {
  std::int64_t parameters = 0;
  std::int64_t layers = 0;
  for (const LayerTrace& layer : trace.layers) {
    parameters += layer.parameters;
    if (layer.type != "InputLayer") ++layers;
  }
  std::string text = colored(printable(trace.model), Color::bold, style);
  text += fmt::format("   {}, {}", plural(layers, "layer"), plural(parameters, "parameter"));
  if (!trace.optimizer.empty()) text += fmt::format("   {}({:g})", trace.optimizer, trace.learning_rate);
  if (!trace.loss.empty()) text += "   " + trace.loss;
  return text + '\n';
}

std::string protocol(const Trace& trace, const TextStyle& style) {
  const std::string batches = fmt::format("{} of {} samples", plural(trace.batches, "batch"), trace.batch_size);
  std::string text = fmt::format(
      "probed with {}: {}", printable(trace.data),
      trace.batches == 1 ? batches : fmt::format("{} batches of {} samples", trace.batches, trace.batch_size));
  text += trace.protocol == "loss" ? fmt::format(", loss {:.4g}", trace.loss_value)
                                   : ", random gradient at the output (cotangent protocol)";
  if (trace.redraws > 0) text += fmt::format(", mean of {} of the initial weights", plural(trace.redraws, "draw"));
  return colored(layout::paragraph(text, 0, style.width), Color::dim, style);
}

std::string flow_line(const Trace& trace) {
  if (trace.path.size() < 2) return {};
  std::string text = fmt::format("flow    {:+.2f}", trace.total_decades.mean);
  if (trace.redraws > 1) text += fmt::format(" +- {:.2f}", trace.total_decades.deviation);
  text += fmt::format(" decades from the last layer to the first, {:+.3f} per layer", trace.decades_per_layer.mean);
  if (trace.predicted_decades) text += fmt::format("   theory {:+.2f}", *trace.predicted_decades);
  return text + '\n';
}

std::string layers_text(const Finding& finding) {
  const std::vector<std::string>& layers = finding.layers;
  if (layers.size() <= 3) return printable(join(layers));
  return fmt::format("{} ... {} ({} layers)", printable(layers.front()), printable(layers.back()), layers.size());
}

Color severity_color(Severity severity) {
  return severity == Severity::error ? Color::red : severity == Severity::warning ? Color::yellow : Color::bold;
}

constexpr int kLabel = 9;  // columns of "  why    "

// "  why    first line" with the later lines below it.
std::string labelled(std::string_view label, const std::vector<std::string>& lines, const TextStyle& style) {
  std::string text;
  for (const std::string& line : lines) {
    std::string body = layout::paragraph(line, kLabel, style.width);
    if (text.empty()) body.replace(0, kLabel, "  " + colored(layout::pad_right(label, kLabel - 2), Color::dim, style));
    text += body;
  }
  return text;
}

// Not wrapped: a table.
std::string causes_text(std::string_view label, const std::vector<Finding::Cause>& causes, const TextStyle& style) {
  int widest = 0;
  for (const Finding::Cause& cause : causes) widest = std::max(widest, layout::width(cause.factor));
  std::string text;
  for (const Finding::Cause& cause : causes) {
    const std::string decades =
        cause.decades <= kZeroNorm / 2 ? "to zero" : fmt::format("{:+.1f} decades", cause.decades);
    const std::string line = fmt::format("{}  {:>13}   ", layout::pad_right(printable(cause.factor), widest), decades);
    text += (text.empty() ? "  " + colored(layout::pad_right(label, kLabel - 2), Color::dim, style)
                          : std::string(kLabel, ' ')) +
            line;
    const int left = style.width - kLabel - layout::width(line);
    if (left >= layout::width(cause.explanation)) {
      text += printable(cause.explanation) + '\n';
    } else {
      text.erase(text.find_last_not_of(' ') + 1);
      text += '\n' + layout::paragraph(printable(cause.explanation), 11, style.width);
    }
  }
  return text;
}

std::string onset_text(const Finding& finding) {
  return finding.onset ? fmt::format("   since step {}", finding.onset->step) : "";
}

std::string finding_text(const Finding& finding, const TextStyle& style) {
  std::string text =
      colored(layout::pad_right(to_string(finding.severity), 8), severity_color(finding.severity), style);
  text += colored(finding.rule, Color::bold, style) + "   " + layers_text(finding) + onset_text(finding) + '\n';
  text += layout::paragraph(printable(finding.message), 2, style.width);
  text += causes_text("why", finding.cause, style);
  text += causes_text("probed", finding.experiment, style);
  text += labelled("try", finding.advice, style);
  if (!finding.learn.empty()) text += labelled("learn", {finding.learn}, style);
  return text;
}

// What this program is about with its reasons; the other rules by name.
std::string quiet(std::span<const std::string> silences, const TextStyle& style) {
  std::vector<std::string> lines;
  std::vector<std::string> others;
  for (const std::string& silence : silences) {
    if (silence.starts_with("vanishing-gradient:") || silence.starts_with("exploding-gradient:")) {
      lines.push_back(printable(silence));
    } else {
      others.push_back(silence.substr(0, silence.find(':')));
    }
  }
  if (!others.empty()) lines.push_back(join(others));
  return labelled("quiet", lines, style);
}

std::string verdict(std::span<const Finding> findings, const TextStyle& style) {
  std::string text;
  for (const Severity severity : {Severity::error, Severity::warning, Severity::info}) {
    const auto count = std::count_if(findings.begin(), findings.end(),
                                     [severity](const Finding& finding) { return finding.severity == severity; });
    if (count == 0) continue;
    const std::string noun = severity == Severity::info ? "remark" : std::string(to_string(severity));
    text += (text.empty() ? "" : ", ") + plural(count, noun);
  }
  return text.empty() ? colored("No findings.", Color::green, style) + '\n' : text + ".\n";
}

}  // namespace

std::string check_text(const Trace& trace, std::span<const Finding> findings, const TextStyle& style,
                       std::span<const std::string> silences) {
  std::string text = heading(trace, style) + protocol(trace, style) + '\n';
  text += layer_rows(trace, style) + '\n' + flow_line(trace);
  return text + findings_text(findings, style, silences);
}

std::string findings_text(std::span<const Finding> findings, const TextStyle& style,
                          std::span<const std::string> silences) {
  std::string text = quiet(silences, style) + '\n';
  for (const Finding& finding : findings) text += finding_text(finding, style) + '\n';
  return text + verdict(findings, style);
}

}  // namespace evenflow
