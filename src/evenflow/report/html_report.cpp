// The HTML report: web/'s page with a run's numbers put in.
#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/report.h"
#include "evenflow/report/page.h"

namespace evenflow {
namespace {

constexpr std::string_view kPlaceholder = "<script type=\"application/json\" id=\"evenflow-data\">null</script>";

// Columns of a heat map that a screen can show, and that keep the file small.
constexpr std::size_t kMostSteps = 600;

Json log10_or_null(double value) {
  if (value == 0) return nullptr;
  return number(std::log10(value));
}

Json optional(const std::optional<double>& value) {
  return value ? number(*value) : Json();
}

bool is_finite(const RunStep& step) {
  return std::isfinite(step.loss) && std::isfinite(step.global_norm);
}

// Indices of the steps that are shown.
std::vector<std::size_t> shown_steps(const ReportedRun& run) {
  const std::vector<RunStep>& steps = run.trace.steps;
  std::set<std::size_t> shown;
  const std::size_t stride = std::max<std::size_t>(1, (steps.size() + kMostSteps - 1) / kMostSteps);
  for (std::size_t i = 0; i < steps.size(); i += stride) shown.insert(i);
  if (!steps.empty()) shown.insert(steps.size() - 1);
  const auto broken = std::find_if_not(steps.begin(), steps.end(), is_finite);
  if (broken != steps.end()) shown.insert(static_cast<std::size_t>(broken - steps.begin()));
  for (const Finding& finding : run.findings) {
    if (!finding.onset) continue;
    const auto at = std::find_if(steps.begin(), steps.end(),
                                 [&](const RunStep& step) { return step.iteration >= finding.onset->step; });
    if (at != steps.end()) shown.insert(static_cast<std::size_t>(at - steps.begin()));
  }
  return {shown.begin(), shown.end()};
}

class RunJson {
 public:
  explicit RunJson(const ReportedRun& run) : run_(run), shown_(shown_steps(run)) {}

  Json make() const {
    const RunTrace& trace = run_.trace;
    Json json{{"name", run_.name},
              {"command", run_.command},
              {"seed", run_.seed},
              {"model", trace.model},
              {"data", trace.data},
              {"loss", trace.loss},
              {"optimizer", trace.optimizer},
              {"settings", run_.settings},
              {"clipping", {{"kind", trace.clipping}, {"threshold", number(trace.clip_threshold)}}},
              {"verdict", verdict()},
              {"recorded_steps", trace.steps.size()},
              {"steps", steps()},
              {"parameters", parameters()},
              {"layers", layers()},
              {"epochs", epochs()},
              {"silences", run_.silences}};
    json["start"] = trace.start ? check_json(*trace.start, {}) : Json();
    json["end"] = run_.end ? check_json(*run_.end, {}) : Json();
    json["findings"] = check_json(Trace{}, run_.findings)["findings"];
    return json;
  }

 private:
  // What is wrong, and how the training went: two sentences.
  Json verdict() const {
    const auto errors = std::count_if(run_.findings.begin(), run_.findings.end(),
                                      [](const Finding& finding) { return finding.severity == Severity::error; });
    std::string first;
    if (run_.findings.empty()) {
      first = "The gradients of this run are healthy.";
    } else if (errors == 0) {
      first = fmt::format("No error, {} {} to look at: {}.", run_.findings.size(),
                          run_.findings.size() == 1 ? "thing" : "things", run_.findings.front().rule);
    } else {
      first = fmt::format("This run is sick: {}.", run_.findings.front().rule);
    }
    return {first, run_.findings.empty() ? progress() : run_.findings.front().message};
  }

  std::string progress() const {
    const std::vector<RunStep>& steps = run_.trace.steps;
    if (steps.size() < 2) return "It has hardly begun.";
    return fmt::format("The loss went from {:.3g} to {:.3g} in {} steps.", steps.front().loss, steps.back().loss,
                       steps.back().iteration - steps.front().iteration + 1);
  }

  // A column over the shown steps.
  template <class Value>
  Json column(const Value& value) const {
    Json values = Json::array();
    for (const std::size_t i : shown_) values.push_back(value(run_.trace.steps[i]));
    return values;
  }

  Json steps() const {
    return {{"iteration", column([](const RunStep& step) { return Json(step.iteration); })},
            {"loss", column([](const RunStep& step) { return number(step.loss); })},
            {"global_norm", column([](const RunStep& step) { return number(step.global_norm); })},
            {"clip_factor", column([](const RunStep& step) { return number(step.clip_factor); })},
            {"learning_rate", column([](const RunStep& step) { return number(step.learning_rate); })}};
  }

  Json parameters() const {
    Json all = Json::array();
    for (std::size_t p = 0; p < run_.trace.parameters.size(); ++p) {
      const RunParameter& parameter = run_.trace.parameters[p];
      const auto of = [p](const RunStep& step, const auto& value) {
        if (p >= step.parameters.size()) return Json();
        return log10_or_null(value(step.parameters[p]));
      };
      all.push_back({{"name", parameter.name},
                     {"layer", parameter.layer},
                     {"elements", parameter.elements},
                     {"log10_gradient_norm", column([&](const RunStep& step) {
                        return of(step, [](const ParameterStep& one) { return one.gradient_norm; });
                      })},
                     {"log10_update_ratio", column([&](const RunStep& step) {
                        return of(step, [](const ParameterStep& one) { return one.update_norm / one.weight_norm; });
                      })},
                     {"exponents", exponents(p)}});
    }
    return all;
  }

  // The last histogram, without the empty bins at its ends.
  Json exponents(std::size_t p) const {
    for (auto step = run_.trace.steps.rbegin(); step != run_.trace.steps.rend(); ++step) {
      if (p >= step->parameters.size() || step->parameters[p].exponents.empty()) continue;
      const std::vector<double>& counts = step->parameters[p].exponents;
      const auto filled = [](double count) { return count > 0; };
      const auto first = std::find_if(counts.begin(), counts.end(), filled);
      const auto last = std::find_if(counts.rbegin(), counts.rend(), filled).base();
      if (first >= last) return nullptr;
      return {{"first", kFirstExponent + (first - counts.begin())}, {"counts", std::vector<double>(first, last)}};
    }
    return nullptr;
  }

  Json layers() const {
    Json all = Json::array();
    const std::vector<RunStep>& steps = run_.trace.steps;
    if (std::all_of(steps.begin(), steps.end(), [](const RunStep& step) { return step.layers.empty(); })) return all;
    for (std::size_t l = 0; l < run_.trace.layers.size(); ++l) {
      const RunLayer& layer = run_.trace.layers[l];
      const auto series = [&](std::optional<double> LayerStep::*member, bool log) {
        return column([&, l](const RunStep& step) {
          if (l >= step.layers.size()) return Json();
          const std::optional<double>& value = step.layers[l].*member;
          return log && value ? log10_or_null(*value) : optional(value);
        });
      };
      all.push_back({{"name", layer.name},
                     {"type", layer.type},
                     {"activation", layer.activation.empty() ? Json() : Json(layer.activation)},
                     {"saturated", series(&LayerStep::saturated, false)},
                     {"dead", series(&LayerStep::dead, false)},
                     {"second_moment", series(&LayerStep::second_moment, false)},
                     {"log10_gradient_norm", series(&LayerStep::gradient_norm, true)},
                     {"time", through_time(l)}});
    }
    return all;
  }

  // The first and the last record of the norms at each time step.
  Json through_time(std::size_t l) const {
    std::vector<const RunStep*> with;
    for (const RunStep& step : run_.trace.steps) {
      if (l < step.layers.size() && !step.layers[l].time_gradient_norms.empty()) with.push_back(&step);
    }
    Json records = Json::array();
    if (with.empty()) return records;
    if (with.size() > 1) with = {with.front(), with.back()};
    for (const RunStep* step : with) {
      Json norms = Json::array();
      for (const double norm : step->layers[l].time_gradient_norms) norms.push_back(log10_or_null(norm));
      records.push_back({{"step", step->iteration}, {"log10_norms", std::move(norms)}});
    }
    return records;
  }

  Json epochs() const {
    Json all = Json::array();
    for (const RunEpoch& epoch : run_.trace.epochs) {
      Json logs = Json::object();
      for (const auto& [name, value] : epoch.logs) logs[name] = number(value);
      all.push_back({{"epoch", epoch.epoch}, {"logs", std::move(logs)}});
    }
    return all;
  }

  const ReportedRun& run_;
  std::vector<std::size_t> shown_;
};

std::string today() {
  std::string date(32, '\0');
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  date.resize(std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M UTC", &utc));
  return date;
}

// JSON inside of a script element: "</script" and "<!--" would end or change it.
std::string inside_script(std::string text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

Json report_json(std::span<const ReportedRun> runs) {
  Json all = Json::array();
  for (const ReportedRun& run : runs) all.push_back(RunJson(run).make());
  return {
      {"schema", "evenflow-report/1"}, {"version", EVENFLOW_VERSION}, {"generated", today()}, {"runs", std::move(all)}};
}

std::string html_report(const Json& report) {
  const std::string_view page = report_page();
  const std::size_t at = page.find(kPlaceholder);
  if (at == std::string_view::npos) {
    fail(ErrorKind::unsupported,
         "this program was built without the report's page, because npm or its registry was missing; install npm and "
         "build again");
  }
  const std::size_t null_at = at + kPlaceholder.find("null");
  std::string html(page.substr(0, null_at));
  html += inside_script(report.dump());
  html += page.substr(null_at + 4);
  return html;
}

}  // namespace evenflow
