// CIFAR-10, binary version: https://www.cs.toronto.edu/~kriz/cifar.html. One record is a label byte and 1,024 bytes
// each of red, green and blue.
#include <string>

#include "evenflow/base/text.h"
#include "evenflow/data/source.h"

namespace evenflow::sources {
namespace {

constexpr std::size_t kPixels = 32 * 32;
constexpr std::size_t kChannels = 3;
constexpr std::size_t kRecord = 1 + kPixels * kChannels;
constexpr int kClasses = 10;

bool recognizes(std::string_view name, std::string_view bytes) {
  return name.ends_with(".bin") && !bytes.starts_with("PK\x03\x04") && !bytes.starts_with("PK\x05\x06") &&
         !bytes.starts_with("\x93NUMPY");
}

Dataset parse(std::string_view bytes, DataSpec&) {
  if (bytes.empty() || bytes.size() % kRecord != 0) {
    const bool hundred = !bytes.empty() && bytes.size() % (kRecord + 1) == 0;
    fail(ErrorKind::input, "{} bytes are no whole number of CIFAR-10 records of {} bytes{}", bytes.size(), kRecord,
         hundred ? "; they would be CIFAR-100 records, which have two labels" : "");
  }
  const auto count = static_cast<std::int64_t>(bytes.size() / kRecord);
  Dataset data{.x = Tensor({count, 32, 32, 3}), .y = Tensor({count}), .classes = kClasses};
  const auto* record = reinterpret_cast<const unsigned char*>(bytes.data());
  float* pixel = data.x.data();
  for (std::int64_t i = 0; i < count; ++i, record += kRecord) {
    if (record[0] >= kClasses)
      fail(ErrorKind::input, "record {} (counted from 0) has label {}; 0 to 9 are known", i, record[0]);
    data.y[i] = record[0];
    for (std::size_t p = 0; p < kPixels; ++p) {
      for (std::size_t c = 0; c < kChannels; ++c) *pixel++ = static_cast<float>(record[1 + c * kPixels + p]) / 255.0f;
    }
  }
  return data;
}

// The same but for its numbers: "test_5000.bin" and "test_1000.bin".
std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

// The first file of the folder whose name is `start` and then `rest` with any numbers.
Path find_numbered(const Path& folder, const std::string& start, const std::string& rest) {
  Path first;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder.empty() ? "." : folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool fits = name.starts_with(start) && without_digits(name.substr(start.size())) == without_digits(rest);
    if (fits && entry.is_regular_file(ignored) && (first.empty() || name < first.filename().string())) {
      first = folder / name;
    }
  }
  return first;
}

// The test part: test_batch.bin beside data_batch_1.bin, cifar10_test_1000.bin beside cifar10_train_5000.bin.
Companions beside(const Path& path) {
  const std::string name = path.filename().string();
  Companions found;
  if (name.starts_with("data_batch")) {
    found.test_inputs = find_numbered(path.parent_path(), "test_batch", ".bin");
  } else if (const std::size_t at = name.rfind("train"); at != std::string::npos) {
    found.test_inputs = find_numbered(path.parent_path(), name.substr(0, at) + "test", name.substr(at + 5));
  }
  return found;
}

}  // namespace

extern const Source cifar;
constinit const Source cifar{.id = "cifar",
                             .usage = "data_batch_1.bin",
                             .summary = "CIFAR-10 binary; finds the test file beside it; pixels / 255, (32, 32, 3)",
                             .recognizes = recognizes,
                             .parse = parse,
                             .beside = beside};

}  // namespace evenflow::sources
