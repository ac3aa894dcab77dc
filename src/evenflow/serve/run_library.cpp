#include "evenflow/serve/run_library.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <system_error>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/health/recorded_run.h"
#include "evenflow/health/run_watcher.h"

namespace evenflow::serve {
namespace {

namespace fs = std::filesystem;

constexpr int kDepth = 4;
constexpr std::size_t kMostRuns = 1000;

std::vector<std::pair<std::string, std::string>> settings_of(const RunReader& reader) {
  std::vector<std::pair<std::string, std::string>> settings;
  const std::string text = reader.info("settings");
  const Json json = text.empty() ? Json::object() : parse_json(text, "settings of the run");
  for (const auto& [name, value] : json.items()) {
    settings.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  for (const char* key : {"statistics", "statistics_interval", "started", "ended", "outcome", "dropped_details"}) {
    if (!reader.info(key).empty()) settings.emplace_back(key, reader.info(key));
  }
  return settings;
}

// What changes whenever something is written, to the file or to its write-ahead log.
std::string stamp_of(const fs::path& path) {
  std::string stamp;
  for (const char* ending : {"", "-wal"}) {
    std::error_code none;
    const fs::path file = path.string() + ending;
    const auto time = fs::last_write_time(file, none);
    stamp += fmt::format("{}:{};", none ? 0 : fs::file_size(file, none), none ? 0 : time.time_since_epoch().count());
  }
  return stamp;
}

std::string time_text(fs::file_time_type time) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::file_clock::to_sys(time));
  const std::time_t value = std::chrono::system_clock::to_time_t(seconds);
  std::tm utc{};
  gmtime_r(&value, &utc);
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc));
  return text;
}

Json finding_names(const RunReader& reader) {
  Json names = Json::array();
  for (const auto& [step, finding] : reader.findings()) {
    const Json name = finding.value("rule", "");
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

Json summary_of(const fs::path& path, const std::string& name) {
  const RunReader reader(path);
  Json summary{{"name", name},
               {"running", is_running(reader)},
               {"outcome", reader.info("outcome")},
               {"data", reader.info("data")},
               {"model", ""},
               {"loss", ""},
               {"optimizer", ""},
               {"steps", 0},
               {"last_loss", nullptr},
               {"findings", finding_names(reader)}};
  if (!reader.info("model").empty()) {
    const RunTrace run = describe_run(reader.model(), reader.info("data"), 0);
    summary["model"] = run.model;
    summary["loss"] = run.loss;
    summary["optimizer"] = run.optimizer;
  }
  if (const auto last = reader.last_step()) {
    summary["steps"] = last->numbers.iteration;
    summary["last_loss"] = number(last->numbers.loss);
  }
  return summary;
}

// Reads what a training writes and sends it on.
class Follower {
 public:
  Follower(const fs::path& path, std::string name, std::uint64_t after)
      : reader_(path), name_(std::move(name)), last_(after) {}

  void follow(EventStream& stream) {
    do {
      const bool running = is_running(reader_);  // first: what is written after it is read next time
      if (!send_steps(stream) || !send_findings(stream)) return;
      if (!running) {
        stream.send("end", {{"outcome", reader_.info("outcome")}});
        return;
      }
    } while (stream.wait(kInterval));
  }

 private:
  static constexpr double kInterval = 0.25;  // seconds
  // Steps of one look that are read with details: a fast training must not feel it.
  static constexpr std::size_t kMostSteps = 8;

  bool send_steps(EventStream& stream) {
    const std::vector<RecordedStep> news = reader_.steps({.after = last_, .details_every = 0});
    if (news.empty()) return true;
    if (!run_) run_ = describe_run(reader_.model(), reader_.info("data"), 0);
    ReportedRun run{.name = name_, .trace = *run_};
    const std::size_t stride = (news.size() + kMostSteps - 1) / kMostSteps;
    for (std::size_t i = news.size() - 1;; i -= stride) {
      const std::uint64_t iteration = news[i].numbers.iteration;
      for (const RecordedStep& step : reader_.steps({.after = iteration - 1, .limit = 1})) {
        run.trace.steps.push_back(run_step(step.numbers, run.trace));
      }
      if (i < stride) break;
    }
    std::reverse(run.trace.steps.begin(), run.trace.steps.end());
    last_ = news.back().numbers.iteration;
    const Json document = report_json(std::span(&run, 1));
    const Json& columns = document["runs"][0];
    return stream.send("steps", {{"steps", columns["steps"]},
                                 {"parameters", columns["parameters"]},
                                 {"layers", columns["layers"]},
                                 {"recorded_steps", last_}});
  }

  bool send_findings(EventStream& stream) {
    std::vector<std::pair<std::uint64_t, Json>> found = reader_.findings();
    if (found.size() == findings_) return true;
    findings_ = found.size();
    std::map<std::string, Json> newest;  // of each rule: told again when it got worse
    for (const auto& [step, finding] : found) newest[finding.value("rule", "")] = finding;
    Json all = Json::array();
    for (auto& [rule, finding] : newest) all.push_back(std::move(finding));
    return stream.send("findings", all);
  }

  RunReader reader_;
  std::string name_;
  std::uint64_t last_;
  std::size_t findings_ = 0;
  std::optional<RunTrace> run_;
};

}  // namespace

ReportedRun reported_run(const RunReader& reader, std::string name, std::optional<Trace> start) {
  ReportedRun run{.name = std::move(name),
                  .command = reader.info("command"),
                  .settings = settings_of(reader),
                  .trace = recorded_run(reader)};
  run.trace.start = std::move(start);
  const std::string seed = reader.info("seed");
  if (!seed.empty()) run.seed = static_cast<std::uint64_t>(parse_integer(seed, "seed of the run"));
  run.findings = examine(run.trace, &run.silences);
  return run;
}

RunLibrary::RunLibrary(const fs::path& folder) {
  std::error_code failed;
  folder_ = fs::canonical(folder, failed);
  if (failed || !fs::is_directory(folder_)) fail(ErrorKind::io, "'{}' is no folder", folder.string());
}

Json RunLibrary::list() {
  std::vector<std::pair<fs::file_time_type, fs::path>> records;
  std::error_code failed;
  fs::recursive_directory_iterator entry(folder_, fs::directory_options::skip_permission_denied, failed);
  for (; !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    if (entry.depth() >= kDepth) entry.disable_recursion_pending();
    std::error_code none;
    if (!entry->is_regular_file(none) || entry->is_symlink(none) || !is_run_record(entry->path())) continue;
    fs::file_time_type time = entry->last_write_time(none);
    const fs::file_time_type log = fs::last_write_time(entry->path().string() + "-wal", none);
    records.emplace_back(none ? time : std::max(time, log), entry->path());
  }
  std::sort(records.rbegin(), records.rend());
  if (records.size() > kMostRuns) records.resize(kMostRuns);

  Json runs = Json::array();
  for (const auto& [time, path] : records) {
    const std::string name = fs::relative(path, folder_).generic_string();
    const std::string stamp = stamp_of(path);
    {
      const std::lock_guard lock(mutex_);
      const auto known = known_.find(name);
      // A run that was running may have ended without a last word.
      if (known != known_.end() && known->second.stamp == stamp && known->second.summary["running"] == false) {
        runs.push_back(known->second.summary);
        continue;
      }
    }
    try {
      Json summary = summary_of(path, name);
      summary["modified"] = time_text(time);
      const std::lock_guard lock(mutex_);
      known_[name] = {stamp, summary};
      runs.push_back(std::move(summary));
    } catch (const Error& error) {
      runs.push_back({{"name", name}, {"running", false}, {"error", error.what()}, {"modified", time_text(time)}});
    }
  }
  return {{"folder", folder_.string()}, {"runs", std::move(runs)}};
}

fs::path RunLibrary::path_of(const std::string& name) const {
  const fs::path relative(name);
  std::error_code failed;
  const fs::path path = fs::canonical(folder_ / relative, failed);
  const bool inside =
      !failed && std::mismatch(folder_.begin(), folder_.end(), path.begin(), path.end()).first == folder_.end();
  if (name.empty() || name.find('\0') != std::string::npos || relative.is_absolute() || !inside ||
      !fs::is_regular_file(path, failed) || !is_run_record(path)) {
    fail(ErrorKind::io, "the folder holds no run '{}'", printable(name));
  }
  return path;
}

Json RunLibrary::report(std::span<const std::string> names) const {
  constexpr std::size_t kMost = 8;
  if (names.empty() || names.size() > kMost) fail(ErrorKind::usage, "give one to {} runs: ?run=NAME&run=NAME", kMost);
  std::vector<ReportedRun> runs;
  Json running = Json::array();
  for (const std::string& name : names) {
    const RunReader reader(path_of(name));
    running.push_back(is_running(reader));
    if (reader.info("model").empty())
      fail(ErrorKind::io, "run '{}' has only begun; it says nothing yet", printable(name));
    runs.push_back(reported_run(reader, name));
  }
  Json document = report_json(runs);
  for (std::size_t i = 0; i < names.size(); ++i) document["runs"][i]["running"] = running[i];
  return document;
}

HttpServer::Events RunLibrary::follow(const std::string& name, std::uint64_t after) const {
  const auto follower = std::make_shared<Follower>(path_of(name), name, after);
  return [follower](EventStream& stream) { follower->follow(stream); };
}

}  // namespace evenflow::serve
