#include "evenflow/base/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <csignal>
#include <fstream>

#include "evenflow/base/error_of_test.h"
#include "evenflow/base/random.h"
#include "evenflow/base/text.h"

namespace evenflow {
namespace {

class Files : public ::testing::Test {
 protected:
  Files() {
    std::string pattern = (std::filesystem::temp_directory_path() / "evenflow-files-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  Path path(const std::string& name) const { return folder_ / name; }
  std::size_t files() const {
    const std::filesystem::directory_iterator entries(folder_);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  Path folder_;
};

// While it lives, files cannot grow beyond `bytes`: a full disk in small.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

std::string random_bytes(std::size_t count) {
  Random random(count);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.bits());
  return bytes;
}

TEST_F(Files, WhatIsWrittenIsRead) {
  for (const std::size_t count : {0u, 1u, 1u << 20, (1u << 20) + 1}) {
    const std::string bytes = random_bytes(count);
    write_file(path("data"), bytes);
    EXPECT_EQ(read_file(path("data")), bytes);
  }
  EXPECT_EQ(files(), 1u);
}

TEST_F(Files, ReadingHasALimit) {
  write_file(path("data"), "12345");
  EXPECT_EQ(read_file(path("data"), 5), "12345");
  EXPECT_EQ(error_of([&] { read_file(path("data"), 4); }),
            fmt::format("input: {}: larger than 4 bytes", path("data").string()));
  EXPECT_EQ(error_of([] { read_file("/dev/zero", 1000); }), "input: /dev/zero: larger than 1000 bytes");
}

TEST_F(Files, WhatCannotBeRead) {
  EXPECT_EQ(error_of([&] { read_file(path("none")); }),
            fmt::format("io: {}: cannot read: No such file or directory", path("none").string()));
  EXPECT_EQ(error_of([&] { read_file(folder_); }), fmt::format("io: {}: is a folder, not a file", folder_.string()));
}

TEST_F(Files, WhatCannotBeWritten) {
  EXPECT_EQ(error_of([&] { write_file(path("none/data"), "x"); }),
            fmt::format("io: {}: cannot write: No such file or directory", path("none/data").string()));
  EXPECT_EQ(error_of([&] { write_file(folder_, "x"); }),
            fmt::format("io: {}: cannot write: it is a folder", folder_.string()));
  EXPECT_EQ(error_of([] { write_file("/dev/full", "x"); }), "io: /dev/full: cannot write: it is not a regular file");
  struct stat status {};
  ASSERT_EQ(::stat("/dev/full", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
  EXPECT_EQ(files(), 0u);
}

TEST_F(Files, AFullDiskLeavesTheOldFile) {
  write_file(path("data"), "old");
  {
    const FileSizeLimit limit(100'000);
    EXPECT_EQ(error_of([&] { write_file(path("data"), std::string(3'000'000, 'x')); }),
              fmt::format("io: {}: cannot write: File too large", path("data").string()));
  }
  EXPECT_EQ(read_file(path("data")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(Files, AWriterThatFailsLeavesTheOldFile) {
  write_file(path("data"), "old");
  EXPECT_EQ(error_of([&] {
              replace_file(path("data"), [](const Path& temporary) {
                std::ofstream(temporary) << "half";
                fail(ErrorKind::internal, "stopped");
              });
            }),
            "internal: stopped");
  EXPECT_EQ(error_of([&] { replace_file(path("data"), [](const Path&) {}); }),
            fmt::format("io: {}: cannot write: No such file or directory", path("data").string()));
  EXPECT_EQ(read_file(path("data")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(Files, TheNewFileAppearsWhole) {
  write_file(path("data"), "old");
  replace_file(path("data"), [&](const Path& temporary) {
    EXPECT_EQ(temporary.parent_path(), folder_);  // on the same file system
    std::ofstream(temporary) << "new";
    EXPECT_EQ(read_file(path("data")), "old");
  });
  EXPECT_EQ(read_file(path("data")), "new");
  EXPECT_EQ(files(), 1u);
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

TEST(Gunzip, GivesBackWhatWasCompressed) {
  for (const std::string& text :
       {std::string(), std::string("hello"), std::string(1'000'000, 'a'), random_bytes(600'000)}) {
    EXPECT_EQ(gunzip(gzip(text), text.size()), text);
  }
  EXPECT_EQ(gunzip(gzip("one ") + gzip("") + gzip("two"), 100), "one two");
}

TEST(Gunzip, OutputHasALimit) {
  const std::string bomb = gzip(std::string(10'000'000, '\0'));
  EXPECT_LT(bomb.size(), 11'000u);
  EXPECT_EQ(error_of([&] { gunzip(bomb, 9'999'999); }), "input: gzip data expands to more than 9999999 bytes");
  EXPECT_EQ(error_of([&] { gunzip(bomb + bomb, 19'999'999); }), "input: gzip data expands to more than 19999999 bytes");
}

TEST(Gunzip, EveryTruncationIsAnError) {
  const std::string whole = gzip("some text, some text, some text");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(error_of([&] { gunzip(whole.substr(0, length), 1000); }), "input: gzip data is cut off") << length;
  }
}

TEST(Gunzip, DamageIsAnError) {
  const std::string text = random_bytes(2000);
  const std::string whole = gzip(text);
  EXPECT_EQ(error_of([&] { gunzip("not gzip at all", 1000); }), "input: damaged gzip data");
  EXPECT_EQ(error_of([&] { gunzip(whole + "rest of another file", 4000); }), "input: damaged gzip data");
  // A bit of the header's time or of the padding does not count; any other is noticed: never silently another text.
  std::size_t harmless = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    std::string result;
    if (error_of([&] { result = gunzip(damaged, 4000); }).empty()) {
      EXPECT_EQ(result, text) << i;
      ++harmless;
    }
  }
  EXPECT_LE(harmless, 8u);
}

}  // namespace
}  // namespace evenflow
