#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/callbacks.h"

namespace evenflow {
namespace {

class Logger : public Observer {
 public:
  explicit Logger(const CSVLogger& settings) : settings_(settings) {}

  void on_start(const StartReport&) override {
    std::error_code ignored;
    const bool continues = settings_.append && std::filesystem::file_size(settings_.filename, ignored) > 0 && !ignored;
    header_ = !continues;
    columns_.clear();
    file_.close();
    file_.clear();
    file_.open(settings_.filename, settings_.append ? std::ios::binary | std::ios::app : std::ios::binary);
    require_good();
  }

  void on_epoch(const EpochReport& report) override {
    if (columns_.empty()) choose_columns(report);
    std::string line = std::to_string(report.epoch);
    for (const std::string& column : columns_) {
      const auto found =
          std::find_if(report.logs.begin(), report.logs.end(), [&](const auto& log) { return log.first == column; });
      line += settings_.separator + (found == report.logs.end() ? "NA" : fmt::format("{}", found->second));
    }
    write(line);
  }

  void on_end() override { file_.close(); }

 private:
  // Keras keeps columns for validation even when there is none, so that logs can be compared.
  void choose_columns(const EpochReport& report) {
    for (const auto& [name, value] : report.logs) columns_.push_back(name);
    std::sort(columns_.begin(), columns_.end());
    const bool validates =
        std::any_of(columns_.begin(), columns_.end(), [](const std::string& c) { return c.starts_with("val_"); });
    if (!validates) {
      const std::vector<std::string> plain = columns_;
      for (const std::string& column : plain) columns_.push_back("val_" + column);
    }
    if (!header_) return;
    std::string line = "epoch";
    for (const std::string& column : columns_) line += settings_.separator + column;
    write(line);
  }

  void write(const std::string& line) {
    file_ << line << "\r\n" << std::flush;  // the line end of Python's csv
    require_good();
  }

  void require_good() const {
    if (!file_) fail(ErrorKind::io, "{}: cannot write the log", printable(settings_.filename));
  }

  CSVLogger settings_;
  std::ofstream file_;
  bool header_ = true;
  std::vector<std::string> columns_;
};

}  // namespace

CSVLogger::operator Callback() const {
  return std::make_shared<Logger>(*this);
}

}  // namespace evenflow
