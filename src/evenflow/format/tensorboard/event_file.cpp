#include "evenflow/format/tensorboard/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cctype>
#include <chrono>
#include <cstring>

#include "evenflow/base/text.h"

namespace evenflow::tensorboard {
namespace {

constexpr auto kCrcTable = [] {
  constexpr std::uint32_t kReflectedPolynomial = 0x82F63B78;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kReflectedPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}();

template <class T>
std::string little_endian(T value) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// ---- Protobuf's wire format

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string key(std::uint32_t field, Wire wire) {
  return varint(field << 3 | static_cast<std::uint32_t>(wire));
}
std::string number_field(std::uint32_t field, std::uint64_t value) {
  return key(field, Wire::varint) + varint(value);
}
std::string bytes_field(std::uint32_t field, std::string_view bytes) {
  return key(field, Wire::length) + varint(bytes.size()) + std::string(bytes);
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string event_head() {
  return key(1, Wire::fixed64) + little_endian(wall_time());
}

std::string host_name() {
  char name[256] = "localhost";
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~crc;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8u;
}

std::string clean_tag(std::string_view tag) {
  std::string clean(tag);
  for (char& c : clean) {
    const bool allowed = std::isalnum(static_cast<unsigned char>(c)) != 0 || std::strchr("_.-/", c) != nullptr;
    if (!allowed) c = '_';
  }
  return clean;
}

EventFile::EventFile(const Path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string name = fmt::format("events.out.tfevents.{:010}.{}.{}", static_cast<std::int64_t>(wall_time()),
                                       clean_tag(host_name()), getpid());
  path_ = folder / name;
  file_.open(path_, std::ios::binary);
  if (!file_) fail(ErrorKind::io, "cannot create '{}': {}", path_.string(), std::strerror(errno));
  write_record(event_head() + bytes_field(3, "brain.Event:2"));
}

void EventFile::write_record(std::string_view event) {
  const std::string length = little_endian(static_cast<std::uint64_t>(event.size()));
  file_ << length << little_endian(masked_crc32c(length)) << event << little_endian(masked_crc32c(event));
}

void EventFile::write_value(std::int64_t step, const std::string& value) {
  write_record(event_head() + number_field(2, static_cast<std::uint64_t>(step)) +
               bytes_field(5, bytes_field(1, value)));
}

std::string EventFile::metadata(std::string_view tag, std::string_view plugin, std::string_view description) {
  if (!described_.emplace(tag).second) return {};
  constexpr std::uint64_t kDataClassTensor = 2;
  std::string text = bytes_field(1, bytes_field(1, plugin)) + bytes_field(3, description);
  return bytes_field(9, text + number_field(4, kDataClassTensor));
}

// The old style, simple_value, is what every reader of event files understands.
void EventFile::scalar(std::int64_t step, std::string_view tag, double value) {
  write_value(step, bytes_field(1, clean_tag(tag)) + key(2, Wire::fixed32) + little_endian(static_cast<float>(value)));
}

void EventFile::histogram(std::int64_t step, std::string_view tag, std::string_view description,
                          std::span<const Bucket> buckets) {
  constexpr std::uint64_t kDouble = 2;
  const auto dimension = [](std::uint64_t size) { return bytes_field(2, number_field(1, size)); };
  std::string content;
  for (const Bucket& bucket : buckets) {
    content += little_endian(bucket.left) + little_endian(bucket.right) + little_endian(bucket.count);
  }
  const std::string tensor =
      number_field(1, kDouble) + bytes_field(2, dimension(buckets.size()) + dimension(3)) + bytes_field(4, content);
  const std::string clean = clean_tag(tag);
  write_value(step, bytes_field(1, clean) + bytes_field(8, tensor) + metadata(clean, "histograms", description));
}

void EventFile::text(std::int64_t step, std::string_view tag, std::string_view markdown) {
  constexpr std::uint64_t kString = 7;
  const std::string tensor = number_field(1, kString) + bytes_field(2, {}) + bytes_field(8, markdown);
  const std::string clean = clean_tag(tag);
  write_value(step, bytes_field(1, clean) + bytes_field(8, tensor) + metadata(clean, "text", ""));
}

void EventFile::flush() {
  file_.flush();
}

}  // namespace evenflow::tensorboard
