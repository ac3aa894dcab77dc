#include <limits>
#include <system_error>

#include "evenflow/base/text.h"
#include "evenflow/data/source.h"

namespace evenflow {
namespace {

// One path, or several separated by commas.
bool names_files(const std::string& head) {
  std::error_code ignored;
  if (std::filesystem::exists(head, ignored)) return true;
  const std::vector<std::string> parts = split(head, ',');
  for (const std::string& part : parts) {
    if (part.empty() || !std::filesystem::exists(part, ignored)) return false;
  }
  return !parts.empty();
}

// Where the head ends: the last colon that leaves existing files, else the first colon.
std::size_t head_length(const std::string& whole) {
  if (names_files(whole)) return whole.size();
  for (std::size_t colon = whole.rfind(':'); colon != std::string::npos && colon > 0;
       colon = whole.rfind(':', colon - 1)) {
    if (names_files(whole.substr(0, colon))) return colon;
  }
  return std::min(whole.find(':'), whole.size());
}

std::string what(const DataSpec& spec, const std::string& key) {
  return fmt::format("data {}: {}", spec.head, key);
}

}  // namespace

DataSpec parse_data_spec(const std::string& whole) {
  const std::size_t length = head_length(whole);
  DataSpec spec{.whole = whole, .head = whole.substr(0, length), .options = {}};
  if (spec.head.empty()) fail(ErrorKind::usage, "data '{}': a file or a generated set must come first", whole);
  if (length >= whole.size()) return spec;
  for (const std::string& option : split(std::string_view(whole).substr(length + 1), ',')) {
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0) {
      fail(ErrorKind::usage, "data {}: '{}' is no option; options are written {}:key=value,key=value", spec.head,
           option, spec.head);
    }
    const std::string key = option.substr(0, equals);
    if (!spec.options.emplace(key, option.substr(equals + 1)).second) {
      fail(ErrorKind::usage, "data {}: {} is given twice", spec.head, key);
    }
  }
  return spec;
}

std::string DataSpec::text(const std::string& key, std::string fallback) {
  auto node = options.extract(key);
  return node.empty() ? std::move(fallback) : std::move(node.mapped());
}

double DataSpec::number(const std::string& key, double fallback) {
  const auto node = options.extract(key);
  return node.empty() ? fallback : parse_number(node.mapped(), what(*this, key));
}

std::int64_t DataSpec::integer(const std::string& key, std::int64_t fallback) {
  const auto node = options.extract(key);
  return node.empty() ? fallback : parse_integer(node.mapped(), what(*this, key));
}

double DataSpec::number(const std::string& key, double fallback, double least) {
  const double value = number(key, fallback);
  if (!(value >= least) || value > std::numeric_limits<float>::max()) {
    fail(ErrorKind::usage, "{} is {}; it must be at least {}", what(*this, key), value, least);
  }
  return value;
}

std::int64_t DataSpec::integer(const std::string& key, std::int64_t fallback, std::int64_t least) {
  const std::int64_t value = integer(key, fallback);
  if (value < least) fail(ErrorKind::usage, "{} is {}; it must be at least {}", what(*this, key), value, least);
  return value;
}

}  // namespace evenflow
