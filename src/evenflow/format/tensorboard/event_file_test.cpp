#include "evenflow/format/tensorboard/event_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <vector>

#include "evenflow/base/error_of_test.h"

namespace evenflow::tensorboard {
namespace {

template <class T>
T read_as(std::string_view bytes) {
  T value;
  EXPECT_GE(bytes.size(), sizeof value);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// A protobuf message as its fields in order: numbers as bytes, too.
using Fields = std::multimap<std::uint32_t, std::string>;

Fields decode(std::string_view bytes) {
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(at++));
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  Fields fields;
  while (at < bytes.size()) {
    const std::uint64_t key = varint();
    std::uint64_t number = 0;
    std::size_t size = 0;
    switch (key & 7) {
      case 0:
        number = varint();
        fields.emplace(key >> 3, std::string(reinterpret_cast<const char*>(&number), sizeof number));
        continue;
      case 1:
        size = 8;
        break;
      case 2:
        size = varint();
        break;
      case 5:
        size = 4;
        break;
      default:
        ADD_FAILURE() << "wire type " << (key & 7);
        return fields;
    }
    fields.emplace(key >> 3, std::string(bytes.substr(at, size)));
    at += size;
  }
  EXPECT_EQ(at, bytes.size());
  return fields;
}

const std::string& field(const Fields& fields, std::uint32_t number) {
  EXPECT_EQ(fields.count(number), 1u) << number;
  return fields.find(number)->second;
}

// The records of a file, with both checksums verified.
std::vector<std::string> records(const Path& path) {
  const std::string bytes = read_file(path);
  std::vector<std::string> all;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = read_as<std::uint64_t>(std::string_view(bytes).substr(at));
    EXPECT_EQ(read_as<std::uint32_t>(std::string_view(bytes).substr(at + 8)), masked_crc32c(bytes.substr(at, 8)));
    all.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(read_as<std::uint32_t>(std::string_view(bytes).substr(at + 12 + length)), masked_crc32c(all.back()));
    at += length + 16;
  }
  return all;
}

class Events : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Path folder_ = std::filesystem::temp_directory_path() / ("evenflow_events_" + std::to_string(getpid()));
};

TEST(Crc32c, KnownValues) {
  // RFC 3720, B.4.
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
}

TEST(Tags, HaveOnlyTheCharactersThatTensorBoardAllows) {
  EXPECT_EQ(clean_tag("gradient_norm/dense 1:0/kernel"), "gradient_norm/dense_1_0/kernel");
}

TEST_F(Events, AFileBeginsWithItsVersion) {
  EventFile file(folder_ / "a" / "b");
  file.flush();
  EXPECT_TRUE(file.path().filename().string().starts_with("events.out.tfevents."));
  const auto all = records(file.path());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(field(decode(all[0]), 3), "brain.Event:2");
  EXPECT_GT(read_as<double>(field(decode(all[0]), 1)), 1.6e9);
}

TEST_F(Events, ScalarsHaveStepTagAndValue) {
  EventFile file(folder_);
  file.scalar(300, "loss", 0.25);
  file.flush();
  const Fields event = decode(records(file.path()).at(1));
  EXPECT_EQ(read_as<std::uint64_t>(field(event, 2)), 300u);
  const Fields value = decode(field(decode(field(event, 5)), 1));
  EXPECT_EQ(field(value, 1), "loss");
  EXPECT_EQ(read_as<float>(field(value, 2)), 0.25f);
}

TEST_F(Events, HistogramsAreTensorsOfBucketsDescribedOnce) {
  EventFile file(folder_);
  const Bucket buckets[] = {{-3, -2, 10}, {-2, -1, 4}};
  file.histogram(1, "g", "exponents", buckets);
  file.histogram(2, "g", "exponents", buckets);
  file.flush();
  const auto all = records(file.path());
  const Fields value = decode(field(decode(field(decode(all.at(1)), 5)), 1));
  const Fields tensor = decode(field(value, 8));
  EXPECT_EQ(read_as<std::uint64_t>(field(tensor, 1)), 2u);
  const Fields shape = decode(field(tensor, 2));
  std::vector<std::uint64_t> extents;
  for (const auto& [number, dimension] : shape) extents.push_back(read_as<std::uint64_t>(field(decode(dimension), 1)));
  EXPECT_EQ(extents, (std::vector<std::uint64_t>{2, 3}));
  double numbers[6];
  ASSERT_EQ(field(tensor, 4).size(), sizeof numbers);
  std::memcpy(numbers, field(tensor, 4).data(), sizeof numbers);
  EXPECT_EQ(std::vector<double>(numbers, numbers + 6), (std::vector<double>{-3, -2, 10, -2, -1, 4}));
  const Fields metadata = decode(field(value, 9));
  EXPECT_EQ(field(decode(field(metadata, 1)), 1), "histograms");
  EXPECT_EQ(field(metadata, 3), "exponents");
  EXPECT_EQ(decode(field(decode(field(decode(all.at(2)), 5)), 1)).count(9), 0u);
}

TEST_F(Events, AFolderThatCannotBeMadeIsAClearError) {
  const std::string message = error_of([] { (void)EventFile("/dev/null/events"); });
  EXPECT_TRUE(message.starts_with("io: cannot create '/dev/null/events/events.out.tfevents.")) << message;
}

}  // namespace
}  // namespace evenflow::tensorboard
