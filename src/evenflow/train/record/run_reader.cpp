#include <cstring>
#include <fstream>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/record.h"
#include "evenflow/train/record/database.h"
#include "evenflow/train/record/schema.h"

namespace evenflow {
namespace {

// Of a thinned choice, these have all details: what happened at the end matters most.
constexpr std::int64_t kLastSteps = 200;

Database opened(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) fail(ErrorKind::io, "there is no file '{}'", path.string());
  Database database(path, Database::Mode::read);
  const auto pragma = [&](const char* name) {
    Statement statement(database, std::string("PRAGMA ") + name);
    return statement.next() ? statement.integer(0) : 0;
  };
  if (pragma("application_id") != record::kApplicationId) {
    fail(ErrorKind::input, "'{}' is no run record of evenflow (train --record makes one)", path.string());
  }
  if (const std::int64_t version = pragma("user_version"); version != record::kVersion) {
    fail(ErrorKind::input, "'{}' has version {} of the record's tables, this program reads version {}", path.string(),
         version, record::kVersion);
  }
  return database;
}

template <class T>
void read_numbers(const Statement& statement, int column, T& report) {
  record::visit_numbers(report, [&](const char*, double& value) { value = statement.number(column++); });
}

Tensor tensor_of(const Json& dims, std::span<const std::byte> bytes) {
  Shape shape;
  std::size_t count = 1;
  for (const Json& extent : dims) {
    if (!extent.is_number_integer() || extent < 0) fail(ErrorKind::input, "the record has a shape {}", dims.dump());
    shape = concatenate(shape, Shape{extent.get<std::int64_t>()});
    count *= extent.get<std::size_t>();
  }
  if (count * sizeof(float) != bytes.size()) {
    fail(ErrorKind::input, "the record has {} bytes for the shape {}", bytes.size(), dims.dump());
  }
  Tensor tensor(shape);
  if (!bytes.empty()) std::memcpy(tensor.data(), bytes.data(), bytes.size());
  return tensor;
}

template <class T>
int number_count() {
  int count = 0;
  T report{};
  record::visit_numbers(report, [&](const char*, double) { ++count; });
  return count;
}

}  // namespace

struct RunReader::Impl {
  explicit Impl(const std::filesystem::path& path) : database(opened(path)) {}

  std::vector<std::string> names(const char* sql) {
    Statement statement(database, sql);
    std::vector<std::string> all;
    while (statement.next()) all.push_back(statement.text(0));
    return all;
  }

  std::string_view parameter_name(std::int64_t index) { return name_at(parameters, "parameters", "parameter", index); }
  std::string_view layer_name(std::int64_t index) { return name_at(layers, "layers", "layer", index); }

  // Names never change once they are there, but they come later than the file: read anew when one is missing.
  std::string_view name_at(std::vector<std::unique_ptr<std::string>>& known, const char* table, const char* key,
                           std::int64_t index) {
    if (index < 0 || index > 1'000'000) fail(ErrorKind::input, "the record has no {} number {}", key, index);
    const auto at = static_cast<std::size_t>(index);
    if (at >= known.size()) {
      std::vector<std::string> all = names(fmt::format("SELECT name FROM {} ORDER BY {}", table, key).c_str());
      for (std::size_t i = known.size(); i < all.size(); ++i) {
        known.push_back(std::make_unique<std::string>(std::move(all[i])));
      }
    }
    if (at >= known.size()) fail(ErrorKind::input, "the record has no {} number {}", key, index);
    return *known[at];
  }

  Database database;
  std::vector<std::unique_ptr<std::string>> parameters, layers;
};

// The application's number ends the header of an SQLite file, big-endian (www.sqlite.org/fileformat.html, section 1.3).
bool is_run_record(const std::filesystem::path& path) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr std::size_t kAt = 68;
  std::string header(kAt + 4, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(header.data(), static_cast<std::streamsize>(header.size())) || !header.starts_with(kMagic))
    return false;
  std::uint32_t id = 0;
  for (std::size_t i = kAt; i < kAt + 4; ++i) id = id << 8 | static_cast<unsigned char>(header[i]);
  return id == record::kApplicationId;
}

RunReader::RunReader(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {}
RunReader::RunReader(RunReader&&) noexcept = default;
RunReader& RunReader::operator=(RunReader&&) noexcept = default;
RunReader::~RunReader() = default;

std::string RunReader::info(std::string_view key) const {
  Statement statement(impl_->database, "SELECT value FROM run WHERE key = ?");
  return statement.bind(key).next() ? statement.text(0) : std::string();
}

Model RunReader::model() const {
  return model_from_json(parse_json(info("model"), "the record's model"));
}

std::vector<std::string> RunReader::parameters() const {
  return impl_->names("SELECT name FROM parameters ORDER BY parameter");
}

std::vector<std::string> RunReader::layers() const {
  return impl_->names("SELECT name FROM layers ORDER BY layer");
}

std::vector<RecordedStep> RunReader::steps(const StepChoice& choice) const {
  // One transaction, so that the three tables fit together while somebody writes.
  impl_->database.execute("BEGIN");
  std::vector<RecordedStep> steps;
  Statement step(impl_->database, "SELECT step, epoch" + record::columns<StepReport>() +
                                      ", seconds FROM steps WHERE step > ? ORDER BY step LIMIT ?");
  step.bind(choice.after).bind(choice.limit);
  const std::string settings = info("settings");
  const std::int64_t per_epoch =
      settings.empty() ? 0 : parse_json(settings, "the record's settings").value("steps_per_epoch", std::int64_t{0});
  while (step.next()) {
    RecordedStep& read = steps.emplace_back();
    read.numbers.iteration = static_cast<std::uint64_t>(step.integer(0));
    read.numbers.epoch = static_cast<int>(step.integer(1));
    read.numbers.steps = per_epoch;
    read_numbers(step, 2, read.numbers);
    read.seconds = step.number(2 + number_count<StepReport>());
  }
  const std::int64_t last = steps.empty() ? 0 : static_cast<std::int64_t>(steps.back().numbers.iteration);

  const auto read_details = [&](const std::string& sql, const auto& add) {
    if (choice.details_every == 0) return;
    Statement detail(impl_->database, fmt::format("SELECT {} WHERE step IN (SELECT step FROM steps WHERE step > ? AND "
                                                  "step <= ? AND (step % ? = 0 OR step > ?)) ORDER BY 1, 2",
                                                  sql));
    detail.bind(choice.after).bind(last).bind(choice.details_every).bind(last - kLastSteps);
    auto owner = steps.begin();
    while (detail.next()) {
      const auto iteration = static_cast<std::uint64_t>(detail.integer(0));
      while (owner != steps.end() && owner->numbers.iteration < iteration) ++owner;
      if (owner != steps.end() && owner->numbers.iteration == iteration) add(detail, *owner);
    }
  };
  read_details("step, parameter" + record::columns<ParameterReport>() + ", exponents FROM parameter_steps",
               [&](const Statement& row, RecordedStep& read) {
                 ParameterReport& report = read.parameters.emplace_back();
                 report.name = impl_->parameter_name(row.integer(1));
                 read_numbers(row, 2, report);
                 read.arrays.push_back(record::unpack_exponents(row.bytes(2 + number_count<ParameterReport>())));
               });
  read_details("step, layer" + record::columns<LayerReport>() + ", time_gradient_norms FROM layer_steps",
               [&](const Statement& row, RecordedStep& read) {
                 LayerReport& report = read.layers.emplace_back();
                 report.name = impl_->layer_name(row.integer(1));
                 read_numbers(row, 2, report);
                 read.arrays.push_back(record::unpack_doubles(row.bytes(2 + number_count<LayerReport>())));
               });
  impl_->database.execute("COMMIT");
  for (RecordedStep& read : steps) {
    auto array = read.arrays.begin();
    for (ParameterReport& parameter : read.parameters) parameter.exponents = *array++;
    for (LayerReport& layer : read.layers) layer.time_gradient_norms = *array++;
    read.numbers.parameters = read.parameters;
    read.numbers.layers = read.layers;
  }
  return steps;
}

std::optional<RecordedStep> RunReader::last_step() const {
  return last_of("steps", {.details_every = 0});
}

std::optional<RecordedStep> RunReader::last_measured_step() const {
  return last_of("parameter_steps", {});
}

std::optional<RecordedStep> RunReader::last_of(const char* table, StepChoice choice) const {
  std::uint64_t last = 0;
  {
    Statement statement(impl_->database, fmt::format("SELECT max(step) FROM {}", table));
    if (statement.next()) last = static_cast<std::uint64_t>(statement.integer(0));
  }
  if (last == 0) return std::nullopt;
  choice.after = last - 1;
  choice.limit = 1;
  std::vector<RecordedStep> found = steps(choice);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<EpochReport> RunReader::epochs() const {
  Statement statement(impl_->database, "SELECT epoch, name, value FROM epochs ORDER BY epoch, rowid");
  std::vector<EpochReport> epochs;
  while (statement.next()) {
    const auto epoch = static_cast<int>(statement.integer(0));
    if (epochs.empty() || epochs.back().epoch != epoch) epochs.push_back({.epoch = epoch, .logs = {}});
    if (statement.text(1) == "seconds") {
      epochs.back().seconds = statement.number(2);
    } else {
      epochs.back().logs.emplace_back(statement.text(1), statement.number(2));
    }
  }
  return epochs;
}

std::vector<RunEvent> RunReader::events() const {
  Statement statement(impl_->database, "SELECT step, kind, layer, text FROM events ORDER BY rowid");
  std::vector<RunEvent> events;
  while (statement.next()) {
    events.push_back({.iteration = static_cast<std::uint64_t>(statement.integer(0)),
                      .kind = statement.text(1),
                      .layer = statement.text(2),
                      .text = statement.text(3)});
  }
  return events;
}

std::vector<std::pair<std::uint64_t, Json>> RunReader::findings() const {
  Statement statement(impl_->database, "SELECT step, finding FROM findings ORDER BY rowid");
  std::vector<std::pair<std::uint64_t, Json>> findings;
  while (statement.next()) {
    findings.emplace_back(static_cast<std::uint64_t>(statement.integer(0)),
                          parse_json(statement.text(1), "a finding of the record"));
  }
  return findings;
}

std::vector<std::uint64_t> RunReader::flights() const {
  Statement statement(impl_->database, "SELECT step FROM flights ORDER BY step");
  std::vector<std::uint64_t> all;
  while (statement.next()) all.push_back(static_cast<std::uint64_t>(statement.integer(0)));
  return all;
}

Flight RunReader::flight(std::uint64_t iteration) const {
  Statement head(impl_->database, "SELECT reason, learning_rate, seed FROM flights WHERE step = ?");
  if (!head.bind(iteration).next()) fail(ErrorKind::usage, "the record has no state before step {}", iteration);
  Flight flight{.iteration = iteration,
                .reason = head.text(0),
                .learning_rate = head.number(1),
                .seed = static_cast<std::uint64_t>(head.integer(2)),
                .weights = {},
                .slots = {},
                .x = {},
                .y = {},
                .sample_weight = {}};
  Statement row(impl_->database,
                "SELECT kind, name, shape, data FROM flight_tensors WHERE step = ? ORDER BY kind, position");
  row.bind(iteration);
  while (row.next()) {
    const std::string kind = row.text(0);
    const std::span<const std::byte> bytes = row.bytes(3);
    Tensor tensor = tensor_of(parse_json(row.text(2), "the record's shape"), bytes);
    if (kind == "weight") flight.weights.set(row.text(1), std::move(tensor));
    if (kind == "slot") flight.slots.set(row.text(1), std::move(tensor));
    if (kind == "x") flight.x.push_back(std::move(tensor));
    if (kind == "y") flight.y.push_back(std::move(tensor));
    if (kind == "sample_weight") flight.sample_weight.push_back(std::move(tensor));
  }
  return flight;
}

}  // namespace evenflow
