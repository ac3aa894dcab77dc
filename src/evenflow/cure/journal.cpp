#include "evenflow/cure/journal.h"

#include <cstring>

#include "evenflow/base/json_text.h"
#include "evenflow/base/random.h"
#include "evenflow/base/text.h"

namespace evenflow {
namespace {

std::uint64_t fingerprint(const Tensor& tensor) {
  std::uint64_t result = stream_of(to_string(tensor.shape()));
  for (const float value : tensor.values()) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    result = (result ^ bits) * 0x100000001b3u;  // FNV-1a
  }
  return result;
}

// All that the figures of a training depend on. Budgets only say how far a search goes.
std::string key_of(const Recipe& recipe, const Dataset& data, const CureOptions& options) {
  std::uint64_t key = stream_of(to_json(recipe).dump());
  for (const Tensor* tensor : {&data.x, &data.y, &data.x_test, &data.y_test}) key = mix(key, fingerprint(*tensor));
  key = mix(key, stream_of(join(options.keep)));
  return fmt::format("{:016x}", key);
}

std::string name_of(const Candidate& candidate, std::uint64_t seed, std::int64_t steps) {
  return fmt::format("{} seed {} step {}", join(candidate.changes, "; "), seed, steps);
}

}  // namespace

Journal::Journal(Path path, const Recipe& recipe, const Dataset& data, const CureOptions& options)
    : path_(std::move(path)) {
  const std::string key = key_of(recipe, data, options);
  if (std::filesystem::exists(path_)) {
    content_ = parse_json(read_file(path_), path_.string());
    continues_ = content_.value("search", std::string()) == key && content_.contains("trainings");
  }
  if (!continues_) content_ = {{"search", key}, {"trainings", Json::object()}};
}

std::optional<double> Journal::seconds_per_step() const {
  if (!continues_ || !content_.contains("seconds_per_step")) return std::nullopt;
  return content_["seconds_per_step"].get<double>();
}

void Journal::set_seconds_per_step(double seconds) {
  if (!path_.empty()) content_["seconds_per_step"] = seconds;
}

std::optional<TrialResult> Journal::find(const Candidate& candidate, std::uint64_t seed, std::int64_t steps) const {
  if (!continues_) return std::nullopt;
  const Json& trainings = content_["trainings"];
  const auto found = trainings.find(name_of(candidate, seed, steps));
  if (found == trainings.end()) return std::nullopt;
  return trial_result_from_json(*found);
}

void Journal::add(const Candidate& candidate, std::uint64_t seed, std::int64_t steps, const TrialResult& result) {
  if (!path_.empty()) content_["trainings"][name_of(candidate, seed, steps)] = to_json(result);
}

std::int64_t Journal::decide(const std::string& question, std::int64_t value) {
  if (path_.empty()) return value;
  Json& decisions = content_["decisions"];
  if (!decisions.contains(question)) decisions[question] = value;
  return decisions[question].get<std::int64_t>();
}

void Journal::write() const {
  if (!path_.empty()) write_file(path_, content_.dump(1) + '\n');
}

void Journal::remove() const {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

}  // namespace evenflow
