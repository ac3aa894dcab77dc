// Files: read whole with a limit, written beside and then renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace evenflow {

using Path = std::filesystem::path;

// Throws Error(io) when it cannot be read, Error(input) when it is larger than `limit` bytes.
std::string read_file(const Path& path, std::size_t limit = std::size_t{1} << 32);

// Writes `bytes` to a new file beside `path`, flushes it to the disk, then renames it over `path`: a reader sees the
// old file or the whole new one. Throws Error(io); then nothing is left behind. A path that names something else than
// a regular file (a folder, a device) is an error.
void write_file(const Path& path, std::string_view bytes);

// The same for a writer that wants a path: `write(temporary)` makes the file that is then renamed.
void replace_file(const Path& path, const std::function<void(const Path& temporary)>& write);

// gunzip of a whole buffer. Throws Error(input) for damaged data or output beyond `limit`.
std::string gunzip(std::string_view bytes, std::size_t limit);

}  // namespace evenflow
