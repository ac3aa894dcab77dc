#include "evenflow/format/keras/archive.h"

#include <zip.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "evenflow/base/text.h"

namespace evenflow::keras {
namespace {

// Weights hardly compress, and Keras does not try; a configuration shrinks to a tenth.
constexpr std::uint64_t kLargestExpansion = 100;
constexpr std::uint64_t kSmall = 16 << 20;

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

ArchiveReader::ArchiveReader(std::string_view bytes, std::string name) : name_(std::move(name)), size_(bytes.size()) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source != nullptr) {
    archive_ = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (archive_ == nullptr) zip_source_free(source);
  }
  const std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (archive_ == nullptr) fail(ErrorKind::input, "{}: damaged or truncated ZIP archive ({})", name_, reason);
}

ArchiveReader::~ArchiveReader() {
  zip_discard(archive_);
}

bool ArchiveReader::has(const std::string& member) const {
  return zip_name_locate(archive_, member.c_str(), ZIP_FL_ENC_RAW) >= 0;
}

std::string ArchiveReader::read(const std::string& member) const {
  zip_stat_t stat;
  if (!has(member) || zip_stat(archive_, member.c_str(), ZIP_FL_ENC_RAW, &stat) != 0) {
    fail(ErrorKind::input, "{}: {} is missing from the archive", name_, member);
  }
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  if ((stat.valid & kNeeded) != kNeeded || stat.comp_size > size_) {
    fail(ErrorKind::input, "{}: {} is truncated", name_, member);
  }
  if (stat.size > kSmall && stat.size / kLargestExpansion > stat.comp_size) {
    fail(ErrorKind::input, "{}: {} expands from {} to {} bytes, more than {} times", name_, member, stat.comp_size,
         stat.size, kLargestExpansion);
  }
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen(archive_, member.c_str(), ZIP_FL_ENC_RAW));
  if (!file) fail(ErrorKind::input, "{}: {} cannot be unpacked ({})", name_, member, zip_strerror(archive_));
  std::string content(stat.size, '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const zip_int64_t got = zip_fread(file.get(), content.data() + done, content.size() - done);
    if (got <= 0) fail(ErrorKind::input, "{}: {} is damaged", name_, member);
    done += static_cast<std::size_t>(got);
  }
  char beyond = 0;  // reading up to the end makes the library compare the checksum
  if (zip_fread(file.get(), &beyond, 1) != 0) fail(ErrorKind::input, "{}: {} is damaged", name_, member);
  return content;
}

std::string archive_bytes(const std::vector<std::pair<std::string, std::string>>& members) {
  const auto check = [](bool fine) {
    if (!fine) fail(ErrorKind::internal, "libzip cannot build an archive in memory");
  };
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  check(target != nullptr);
  zip_source_keep(target);  // it outlives the archive
  const std::unique_ptr<zip_source_t, void (*)(zip_source_t*)> keeper(target, zip_source_free);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  check(archive != nullptr);
  std::unique_ptr<zip_t, void (*)(zip_t*)> guard(archive, zip_discard);
  for (const auto& [name, content] : members) {
    zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    check(index >= 0);
    check(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0) == 0);
  }
  check(zip_close(archive) == 0);
  guard.release();

  check(zip_source_open(target) == 0);
  zip_stat_t stat;
  check(zip_source_stat(target, &stat) == 0);
  std::string bytes(stat.size, '\0');
  check(zip_source_read(target, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size()));
  zip_source_close(target);
  return bytes;
}

}  // namespace evenflow::keras
