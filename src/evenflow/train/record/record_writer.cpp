#include "evenflow/train/record/record_writer.h"

#include <fmt/format.h>

#include "evenflow/train/record/schema.h"

namespace evenflow::record {
namespace {

template <class T>
std::string insertion(std::string_view table, std::string_view keys, std::string_view more) {
  const std::string last = more.empty() ? std::string() : ", " + std::string(more);
  return "INSERT OR REPLACE INTO " + std::string(table) + "(" + std::string(keys) + columns<T>() + last +
         ") VALUES (?, ?" + placeholders<T>() + (more.empty() ? ")" : ", ?)");
}

Database created(const std::filesystem::path& path) {
  Database database(path, Database::Mode::create);
  // Before there is a log, so that they stand in the file's header at once (is_run_record).
  database.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kVersion).c_str());
  // The log lets others read while we write. Without a flush per commit a crash of the machine may take the last
  // commits with it, a crash of the program none.
  database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN");
  database.execute(schema().c_str());
  database.execute("COMMIT");
  return database;
}

template <class T>
void bind_numbers(Statement& statement, const T& report) {
  visit_numbers(report, [&](const char*, double value) { statement.bind(value); });
}

template <class T>
std::span<const std::byte> bytes_of(const T& numbers) {
  return std::as_bytes(std::span(numbers));
}

}  // namespace

RecordWriter::RecordWriter(const std::filesystem::path& path)
    : database_(created(path)),
      info_(database_, "INSERT OR REPLACE INTO run VALUES (?, ?)"),
      parameter_(database_, "INSERT OR REPLACE INTO parameters VALUES (?, ?, ?, ?)"),
      layer_(database_, "INSERT OR REPLACE INTO layers VALUES (?, ?, ?)"),
      step_(database_, insertion<StepReport>("steps", "step, epoch", "seconds")),
      parameter_step_(database_, insertion<ParameterReport>("parameter_steps", "step, parameter", "exponents")),
      layer_step_(database_, insertion<LayerReport>("layer_steps", "step, layer", "time_gradient_norms")),
      epoch_(database_, "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?)"),
      event_(database_, "INSERT INTO events VALUES (?, ?, ?, ?)"),
      finding_(database_, "INSERT INTO findings VALUES (?, ?, ?, ?)"),
      flight_(database_, "INSERT OR REPLACE INTO flights VALUES (?, ?, ?, ?)"),
      flight_tensor_(database_, "INSERT OR REPLACE INTO flight_tensors VALUES (?, ?, ?, ?, ?, ?)") {}

void RecordWriter::close_log() {
  database_.execute("PRAGMA journal_mode = DELETE");
}

void RecordWriter::info(std::string_view key, std::string_view value) {
  info_.bind(key).bind(value).execute();
}

void RecordWriter::parameter(std::size_t index, std::string_view name, std::string_view layer, std::int64_t elements) {
  parameter_.bind(std::uint64_t{index}).bind(name).bind(layer).bind(elements).execute();
}

void RecordWriter::layer(std::size_t index, std::string_view name, std::string_view type) {
  layer_.bind(std::uint64_t{index}).bind(name).bind(type).execute();
}

void RecordWriter::step(const RecordedStep& step) {
  const StepReport& numbers = step.numbers;
  bind_numbers(step_.bind(numbers.iteration).bind(numbers.epoch), numbers);
  step_.bind(step.seconds).execute();
  for (std::size_t i = 0; i < step.parameters.size(); ++i) {
    const ParameterReport& parameter = step.parameters[i];
    bind_numbers(parameter_step_.bind(numbers.iteration).bind(std::uint64_t{i}), parameter);
    parameter_step_.bind(bytes_of(pack_exponents(parameter.exponents))).execute();
  }
  for (std::size_t i = 0; i < step.layers.size(); ++i) {
    const LayerReport& layer = step.layers[i];
    bind_numbers(layer_step_.bind(numbers.iteration).bind(std::uint64_t{i}), layer);
    layer_step_.bind(bytes_of(layer.time_gradient_norms)).execute();
  }
}

void RecordWriter::epoch(const EpochReport& report) {
  epoch_.bind(report.epoch).bind("seconds").bind(report.seconds).execute();
  for (const auto& [name, value] : report.logs) epoch_.bind(report.epoch).bind(name).bind(value).execute();
}

void RecordWriter::event(const RunEvent& event) {
  event_.bind(event.iteration).bind(event.kind).bind(event.layer).bind(event.text).execute();
}

void RecordWriter::finding(std::uint64_t iteration, const Json& finding) {
  const std::string severity = finding.value("severity", "");
  finding_.bind(iteration).bind(finding.value("rule", "")).bind(severity).bind(finding.dump()).execute();
}

void RecordWriter::flight(const Flight& flight) {
  flight_.bind(flight.iteration).bind(flight.reason).bind(flight.learning_rate).bind(flight.seed).execute();
  const auto write = [&](const char* kind, std::size_t position, std::string_view name, const Tensor& tensor) {
    flight_tensor_.bind(flight.iteration).bind(std::string_view(kind)).bind(std::uint64_t{position}).bind(name);
    flight_tensor_.bind(Json(tensor.shape().dims()).dump()).bind(std::as_bytes(tensor.values())).execute();
  };
  const auto write_named = [&](const char* kind, const Weights& tensors) {
    std::size_t position = 0;
    for (const auto& [name, tensor] : tensors.entries()) write(kind, position++, name, tensor);
  };
  const auto write_all = [&](const char* kind, const std::vector<Tensor>& tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) write(kind, i, "", tensors[i]);
  };
  write_named("weight", flight.weights);
  write_named("slot", flight.slots);
  write_all("x", flight.x);
  write_all("y", flight.y);
  write_all("sample_weight", flight.sample_weight);
}

}  // namespace evenflow::record
