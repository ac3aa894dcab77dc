// The statements that fill a run record, each prepared once. One transaction per batch of rows.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "evenflow/record.h"
#include "evenflow/train/record/database.h"

namespace evenflow::record {

class RecordWriter {
 public:
  explicit RecordWriter(const std::filesystem::path& path);  // makes the file with empty tables

  void begin() { database_.execute("BEGIN"); }
  void commit() { database_.execute("COMMIT"); }
  // The last words: one plain file without a log beside it, unless somebody reads it just now.
  void close_log();

  void info(std::string_view key, std::string_view value);
  void parameter(std::size_t index, std::string_view name, std::string_view layer, std::int64_t elements);
  void layer(std::size_t index, std::string_view name, std::string_view type);
  void step(const RecordedStep& step);
  void epoch(const EpochReport& report);
  void event(const RunEvent& event);
  void finding(std::uint64_t iteration, const Json& finding);
  void flight(const Flight& flight);

 private:
  Database database_;
  Statement info_, parameter_, layer_, step_, parameter_step_, layer_step_, epoch_, event_, finding_, flight_,
      flight_tensor_;
};

}  // namespace evenflow::record
