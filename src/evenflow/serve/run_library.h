// The records of runs in a folder: which there are, and each as the page shows it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "evenflow/json.h"
#include "evenflow/record.h"
#include "evenflow/report.h"
#include "evenflow/serve/http_server.h"

namespace evenflow::serve {

// Everything that a record says, judged by the rules; `start` is the network before the first step.
ReportedRun reported_run(const RunReader& reader, std::string name, std::optional<Trace> start = {});

// May be used by several threads.
class RunLibrary {
 public:
  // Throws Error(io) when it is no folder.
  explicit RunLibrary(const std::filesystem::path& folder);

  // {"folder", "runs": [{"name", "running", "outcome", "model", ...}]}, the newest first. Looks four folders deep; a
  // file that is no record is none of them.
  Json list();
  // The document of the page for these runs, as `evenflow report` makes it.
  Json report(std::span<const std::string> names) const;
  // Sends what the run records from now on: "steps" (columns, as the page's document has them), "findings" when they
  // changed, at last "end".
  HttpServer::Events follow(const std::string& name, std::uint64_t after) const;

 private:
  // The record of that name. Throws Error(io) for names that lead out of the folder or to no record.
  std::filesystem::path path_of(const std::string& name) const;

  struct Known {
    std::string stamp;  // sizes and times of its files
    Json summary;
  };
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

}  // namespace evenflow::serve
