// Outcome as JSON: docs/cure.md describes it.
#include <cmath>
#include <limits>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/cure/journal.h"

namespace evenflow {
namespace {

constexpr int kSchemaVersion = 1;

double number_from(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  fail(ErrorKind::input, "outcome: expected a number, not {}", printable(json.dump().substr(0, 40)));
}

template <class T, class Write>
Json list(const std::vector<T>& values, const Write& write) {
  Json json = Json::array();
  for (const T& value : values) json.push_back(write(value));
  return json;
}

template <class T, class Read>
std::vector<T> list_from(const Json& json, const Read& read) {
  std::vector<T> values;
  for (const Json& value : json) values.push_back(read(value));
  return values;
}

}  // namespace

Json to_json(const TrialResult& trial) {
  return {{"seed", trial.seed},
          {"steps", trial.steps},
          {"score", number(trial.score)},
          {"loss", number(trial.loss)},
          {"peak", number(trial.peak)},
          {"finite", trial.finite},
          {"seconds", number(trial.seconds)}};
}

TrialResult trial_result_from_json(const Json& json) {
  return {.seed = json.at("seed").get<std::uint64_t>(),
          .steps = json.at("steps").get<std::int64_t>(),
          .score = number_from(json.at("score")),
          .loss = number_from(json.at("loss")),
          .peak = json.contains("peak") ? number_from(json["peak"]) : 1,
          .finite = json.at("finite").get<bool>(),
          .seconds = number_from(json.at("seconds"))};
}

namespace {

Json candidate_to_json(const Candidate& candidate) {
  const std::optional<Interval>& gain = candidate.gain;
  const auto trial = [](const TrialResult& one) { return to_json(one); };
  return {{"remedies", candidate.remedies},
          {"changes", candidate.changes},
          {"cost", candidate.cost},
          {"decades", candidate.decades ? number(*candidate.decades) : Json()},
          {"findings", candidate.findings},
          {"screening", list(candidate.screening, trial)},
          {"proof", list(candidate.proof, trial)},
          {"gain", gain ? Json{{"mean", number(gain->mean)}, {"low", number(gain->low)}, {"high", number(gain->high)}}
                        : Json()},
          {"fate", candidate.fate}};
}

Candidate candidate_from_json(const Json& json) {
  Candidate candidate{.remedies = json.at("remedies").get<std::vector<std::string>>(),
                      .changes = json.at("changes").get<std::vector<std::string>>(),
                      .cost = json.at("cost").get<int>(),
                      .findings = json.at("findings").get<std::vector<std::string>>(),
                      .screening = list_from<TrialResult>(json.at("screening"), trial_result_from_json),
                      .proof = list_from<TrialResult>(json.at("proof"), trial_result_from_json),
                      .fate = json.at("fate").get<std::string>()};
  if (const Json& decades = json.at("decades"); !decades.is_null()) candidate.decades = number_from(decades);
  if (const Json& gain = json.at("gain"); !gain.is_null()) {
    candidate.gain = {number_from(gain.at("mean")), number_from(gain.at("low")), number_from(gain.at("high"))};
  }
  return candidate;
}

Outcome::Verdict verdict_from(const std::string& text) {
  for (std::size_t i = 0; i < kVerdicts.size(); ++i) {
    if (kVerdicts[i] == text) return static_cast<Outcome::Verdict>(i);
  }
  fail(ErrorKind::input, "outcome.verdict: unknown '{}'", printable(text));
}

}  // namespace

Json to_json(const Outcome& o) {
  const auto finding = [](const Finding& one) { return to_json(one); };
  const auto refused = [](const Refused& one) { return Json{{"remedy", one.remedy}, {"reason", one.reason}}; };
  return {{"schema_version", kSchemaVersion},
          {"verdict", std::string(to_string(o.verdict))},
          {"reason", o.reason},
          {"metric", o.metric},
          {"metric_is_loss", o.metric_is_loss},
          {"constant_score", number(o.constant_score)},
          {"symptoms", o.symptoms},
          {"winner", o.winner ? Json(*o.winner) : Json()},
          {"tried", list(o.tried, candidate_to_json)},
          {"refused", list(o.refused, refused)},
          {"steps", o.steps},
          {"search_steps", o.search_steps},
          {"steps_of_one", o.steps_of_one},
          {"seconds", number(o.seconds)},
          {"seconds_of_one", number(o.seconds_of_one)},
          {"findings_before", list(o.findings_before, finding)},
          {"findings_after", list(o.findings_after, finding)},
          {"before", to_json(o.before)},
          {"after", to_json(o.after)},
          {"original", to_json(o.original)},
          {"cured", to_json(o.cured)}};
}

Outcome outcome_from_json(const Json& json) {
  try {
    if (json.at("schema_version") != kSchemaVersion) {
      fail(ErrorKind::input, "outcome: schema_version must be {}, not {}", kSchemaVersion,
           json.at("schema_version").dump());
    }
    Outcome o{.verdict = verdict_from(json.at("verdict").get<std::string>()),
              .reason = json.at("reason").get<std::string>(),
              .original = recipe_from_json(json.at("original")),
              .cured = recipe_from_json(json.at("cured")),
              .metric = json.at("metric").get<std::string>(),
              .metric_is_loss = json.at("metric_is_loss").get<bool>(),
              .constant_score = number_from(json.at("constant_score")),
              .before = trace_from_json(json.at("before")),
              .after = trace_from_json(json.at("after")),
              .findings_before = list_from<Finding>(json.at("findings_before"), finding_from_json),
              .findings_after = list_from<Finding>(json.at("findings_after"), finding_from_json),
              .symptoms = json.at("symptoms").get<std::vector<std::string>>(),
              .tried = list_from<Candidate>(json.at("tried"), candidate_from_json),
              .steps = json.at("steps").get<std::int64_t>(),
              .search_steps = json.value("search_steps", std::int64_t{0}),
              .steps_of_one = json.at("steps_of_one").get<std::int64_t>(),
              .seconds = number_from(json.at("seconds")),
              .seconds_of_one = number_from(json.at("seconds_of_one"))};
    for (const Json& one : json.at("refused")) {
      o.refused.push_back({one.at("remedy").get<std::string>(), one.at("reason").get<std::string>()});
    }
    if (!json.at("winner").is_null()) o.winner = json.at("winner").get<std::size_t>();
    if (o.winner && *o.winner >= o.tried.size()) fail(ErrorKind::input, "outcome.winner: there is no such candidate");
    return o;
  } catch (const Json::exception& error) {
    fail(ErrorKind::input, "outcome: {}", error.what());
  }
}

}  // namespace evenflow
