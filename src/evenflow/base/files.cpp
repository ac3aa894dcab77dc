#include "evenflow/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

// An open file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const Path& path, int flags, mode_t mode = 0644) : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  bool close() { return fd_ < 0 || ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

[[noreturn]] void fail_io(const Path& path, std::string_view action) {
  fail(ErrorKind::io, "{}: cannot {}: {}", path.string(), action, std::strerror(errno));
}

void flush_to_disk(const Path& temporary, const Path& path) {
  Descriptor file(temporary, O_RDONLY);
  if (!file.open() || ::fsync(file.get()) != 0) fail_io(path, "write");
}

// A rename would put a file in the place of /dev/null.
void require_replaceable(const Path& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) fail(ErrorKind::io, "{}: cannot write: it is a folder", path.string());
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    fail(ErrorKind::io, "{}: cannot write: it is not a regular file", path.string());
  }
}

// A name beside `path` that nobody else uses.
Path temporary_beside(const Path& path) {
  static std::atomic<unsigned> counter{0};
  Path temporary = path;
  temporary += fmt::format(".{}-{}.tmp", ::getpid(), counter++);
  return temporary;
}

class RemoveOnExit {
 public:
  explicit RemoveOnExit(Path path) : path_(std::move(path)) {}
  ~RemoveOnExit() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  RemoveOnExit(const RemoveOnExit&) = delete;
  RemoveOnExit& operator=(const RemoveOnExit&) = delete;
  void keep() { path_.clear(); }

 private:
  Path path_;
};

}  // namespace

std::string read_file(const Path& path, std::size_t limit) {
  Descriptor file(path, O_RDONLY);
  if (!file.open()) fail_io(path, "read");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail_io(path, "read");
  if (S_ISDIR(status.st_mode)) fail(ErrorKind::io, "{}: is a folder, not a file", path.string());
  std::string bytes;
  if (S_ISREG(status.st_mode)) {
    if (static_cast<std::size_t>(status.st_size) > limit)
      fail(ErrorKind::input, "{}: larger than {} bytes", path.string(), limit);
    bytes.reserve(static_cast<std::size_t>(status.st_size));
  }
  std::string buffer(std::size_t{1} << 20, '\0');
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_io(path, "read");
    if (count == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(count) > limit)
      fail(ErrorKind::input, "{}: larger than {} bytes", path.string(), limit);
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void replace_file(const Path& path, const std::function<void(const Path& temporary)>& write) {
  require_replaceable(path);
  const Path temporary = temporary_beside(path);
  RemoveOnExit cleanup(temporary);
  write(temporary);
  flush_to_disk(temporary, path);
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) fail(ErrorKind::io, "{}: cannot write: {}", path.string(), error.message());
  cleanup.keep();
}

void write_file(const Path& path, std::string_view bytes) {
  replace_file(path, [&](const Path& temporary) {
    Descriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.open()) fail_io(path, "write");
    for (std::size_t written = 0; written < bytes.size();) {
      const ssize_t count = ::write(file.get(), bytes.data() + written, bytes.size() - written);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail_io(path, "write");
      written += static_cast<std::size_t>(count);
    }
    if (!file.close()) fail_io(path, "write");
  });
}

std::string gunzip(std::string_view bytes, std::size_t limit) {
  constexpr int kGzip = 16 + MAX_WBITS;
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) fail(ErrorKind::internal, "zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string result;
  std::string buffer(std::size_t{1} << 18, '\0');
  std::size_t consumed = 0;
  for (int status = Z_OK; status != Z_STREAM_END || consumed < bytes.size();) {
    if (status == Z_STREAM_END) {
      // Files may hold several members one after the other.
      if (inflateReset(&stream) != Z_OK) fail(ErrorKind::internal, "zlib does not restart");
    }
    const std::size_t chunk = std::min<std::size_t>(bytes.size() - consumed, std::size_t{1} << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + consumed));
    stream.avail_in = static_cast<uInt>(chunk);
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    consumed += chunk - stream.avail_in;
    const std::size_t made = buffer.size() - stream.avail_out;
    if (status == Z_BUF_ERROR || (status == Z_OK && made == 0 && consumed == bytes.size()))
      fail(ErrorKind::input, "gzip data is cut off");
    if (status != Z_OK && status != Z_STREAM_END) fail(ErrorKind::input, "damaged gzip data");
    if (result.size() + made > limit) fail(ErrorKind::input, "gzip data expands to more than {} bytes", limit);
    result.append(buffer.data(), made);
  }
  return result;
}

}  // namespace evenflow
