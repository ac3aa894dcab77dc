// TensorBoard's event files: records of TensorFlow's TFRecord framing, each holding one protobuf "Event".
// https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/{event,summary}.proto
#pragma once

#include <cstdint>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "evenflow/base/files.h"

namespace evenflow::tensorboard {

// CRC-32C (Castagnoli), and as TFRecord masks it.
std::uint32_t crc32c(std::string_view bytes);
std::uint32_t masked_crc32c(std::string_view bytes);

// Characters that TensorBoard allows in a tag; others become '_'.
std::string clean_tag(std::string_view tag);

struct Bucket {
  double left;
  double right;
  double count;
};

// Appends to one new file in `folder`, which is made if it is missing. Writing never throws: ok() tells of a failure.
class EventFile {
 public:
  explicit EventFile(const Path& folder);  // throws Error(io)

  void scalar(std::int64_t step, std::string_view tag, double value);
  void histogram(std::int64_t step, std::string_view tag, std::string_view description,
                 std::span<const Bucket> buckets);
  void text(std::int64_t step, std::string_view tag, std::string_view markdown);
  void flush();
  bool ok() const { return file_.good(); }
  const Path& path() const { return path_; }

 private:
  void write_value(std::int64_t step, const std::string& value);
  void write_record(std::string_view event);
  std::string metadata(std::string_view tag, std::string_view plugin, std::string_view description);

  Path path_;
  std::ofstream file_;
  std::set<std::string, std::less<>> described_;  // tags whose metadata is written: once is enough
};

}  // namespace evenflow::tensorboard
