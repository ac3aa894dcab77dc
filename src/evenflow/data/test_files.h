// What the tests of the data room share: small real files (made by fuzz/corpus/make_data.py) and damage to them.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/base/files.h"
#include "evenflow/base/text.h"
#include "evenflow/data/source.h"

namespace evenflow::testing {

inline Path corpus(const std::string& name) {
  return Path(EVENFLOW_SOURCE_DIR) / "fuzz/corpus/data" / name;
}
inline std::string corpus_bytes(const std::string& name) {
  return read_file(corpus(name));
}

inline std::vector<float> values(const Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

inline Dataset parse(const Source& source, std::string_view bytes, std::map<std::string, std::string> options = {}) {
  DataSpec spec{.whole = "test", .head = "test", .options = std::move(options)};
  return source.parse(bytes, spec);
}

// The message of the Error that `action` throws; a failure when it throws none or one of another kind.
inline std::string error_of(ErrorKind kind, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.kind()), to_string(kind)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

// Every prefix of the bytes is an error: the format knows its length.
inline void expect_errors_when_cut(const Source& source, std::string_view bytes) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    // A copy of exactly this length, so that the address sanitizer sees any read behind it.
    const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_THROW(parse(source, {part.data(), part.size()}), Error) << "cut to " << length << " bytes";
  }
}

// Each flipped bit gives a data set with whole tensors or an Error, nothing else.
inline void expect_sound_when_flipped(const Source& source, const std::string& bytes) {
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    try {
      const Dataset data = parse(source, flipped);
      EXPECT_EQ(data.x.count(), data.x.empty() ? 0 : data.x.shape().count()) << "bit " << bit;
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::internal) << "bit " << bit << ": " << error.what();
    }
  }
}

// A folder that lives as long as the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "evenflow-data-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  Path operator/(const std::string& name) const { return path_ / name; }
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }

 private:
  Path path_;
};

}  // namespace evenflow::testing
