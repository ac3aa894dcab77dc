// ZIP archives in memory: the container of a .keras file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct zip;  // libzip's

namespace evenflow::keras {

// Reads members of an archive given as bytes. Errors are Error(input) and begin with the file's name. A member that
// expands far beyond its stored size is refused before it is unpacked.
class ArchiveReader {
 public:
  ArchiveReader(std::string_view bytes, std::string name);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  bool has(const std::string& member) const;
  // Checked against the member's CRC-32. Throws when it is missing.
  std::string read(const std::string& member) const;

 private:
  std::string name_;
  std::size_t size_;
  zip* archive_ = nullptr;
};

// An archive of these members (name, content), stored without compression as Keras does.
std::string archive_bytes(const std::vector<std::pair<std::string, std::string>>& members);

}  // namespace evenflow::keras
