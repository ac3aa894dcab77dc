// Registry of data sources: one file each in data/sources.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "evenflow/base/files.h"
#include "evenflow/data.h"

namespace evenflow {

// A data specification taken apart: "circles:samples=100,seed=3" or "table.csv:target=label".
struct DataSpec {
  std::string whole;  // as given
  std::string head;   // the name or the path(s), before the options' colon
  std::map<std::string, std::string> options;

  // Remove and return an option; throw Error(usage) when it is no number.
  double number(const std::string& key, double fallback);
  std::int64_t integer(const std::string& key, std::int64_t fallback);
  std::string text(const std::string& key, std::string fallback);
  // The same with a lower bound: Error(usage) for less.
  double number(const std::string& key, double fallback, double least);
  std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t least);
};

// A path that exists may contain colons and commas; otherwise the first colon begins the options.
DataSpec parse_data_spec(const std::string& whole);

// Files that belong to another one; empty paths where there is none.
struct Companions {
  Path targets;
  Path test_inputs;
  Path test_targets;
};

struct Source {
  std::string_view id;     // "circles", "npz"
  std::string_view usage;  // "circles:samples=1000,noise=0.1,factor=0.5,seed=0"
  std::string_view summary;

  // Generated sets, chosen by name. Options that are left over afterwards are reported as unknown by the caller.
  Dataset (*generate)(DataSpec& spec) = nullptr;

  // Files. The file's name (lower case, without .gz) and its bytes (after gunzip) tell the source: true for at most
  // one of all sources.
  bool (*recognizes)(std::string_view name, std::string_view bytes) = nullptr;
  // The content of one file: inputs and targets, or in x the one array that the file holds. Any bytes give a data set
  // or an Error, and no more memory is taken than the bytes justify.
  Dataset (*parse)(std::string_view bytes, DataSpec& spec) = nullptr;
  // What lies on the disk beside the file `path`.
  Companions (*beside)(const Path& path) = nullptr;

  bool generated() const { return generate != nullptr; }
};

std::span<const Source* const> all_sources();

// The source that recognizes these bytes; nullptr for none.
const Source* source_of(std::string_view name, std::string_view bytes);

// classes for targets with one whole number >= 0 per sample when each number up to the largest occurs; else 0.
std::int64_t count_classes(const Tensor& y);

}  // namespace evenflow
