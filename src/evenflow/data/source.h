// Registry of data sources: one file each in data/sources.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "evenflow/data.h"

namespace evenflow {

// A data specification taken apart: "circles:samples=100,seed=3" or "table.csv:target=label".
struct DataSpec {
  std::string whole;                          // as given
  std::string head;                           // the name or the path(s), before the first option colon
  std::map<std::string, std::string> options;

  // Remove and return an option; throw Error(usage) when it is no number.
  double number(const std::string& key, double fallback);
  std::int64_t integer(const std::string& key, std::int64_t fallback);
  std::string text(const std::string& key, std::string fallback);
};

struct Source {
  std::string_view id;        // "circles", "npz"
  std::string_view usage;     // "circles:samples=1000,noise=0.1,factor=0.5,seed=0"
  std::string_view summary;
  bool generated = false;     // chosen by name; else by the file's content and name
  // For files: the first bytes and the file's name tell. Unambiguous among all sources.
  bool (*recognizes)(std::string_view name, std::string_view first_bytes) = nullptr;
  // Options that are left over afterwards are reported as unknown by the caller.
  Dataset (*load)(DataSpec& spec) = nullptr;
};

std::span<const Source* const> all_sources();

}  // namespace evenflow
