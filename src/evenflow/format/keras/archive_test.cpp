#include "evenflow/format/keras/archive.h"

#include <gtest/gtest.h>
#include <zip.h>

#include "evenflow/base/random.h"
#include "evenflow/error.h"

namespace evenflow::keras {
namespace {

std::string content(std::size_t size) {
  Random random(3);
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(random.below(256));
  return text;
}

TEST(Archive, WritesWhatItReads) {
  const std::string large = content(100'000);
  const std::string bytes = archive_bytes({{"config.json", "{}"}, {"model.weights.h5", large}, {"empty", ""}});
  const ArchiveReader archive(bytes, "m.keras");
  EXPECT_EQ(archive.read("config.json"), "{}");
  EXPECT_EQ(archive.read("model.weights.h5"), large);
  EXPECT_EQ(archive.read("empty"), "");
  EXPECT_TRUE(archive.has("empty"));
  EXPECT_FALSE(archive.has("metadata.json"));
  EXPECT_NE(bytes.find(large), std::string::npos) << "stored, as Keras does";
}

TEST(Archive, NamesWhatIsMissing) {
  const std::string bytes = archive_bytes({{"config.json", "{}"}});
  const ArchiveReader archive(bytes, "m.keras");
  try {
    archive.read("model.weights.h5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_STREQ(error.what(), "m.keras: model.weights.h5 is missing from the archive");
  }
}

// A member compressed with DEFLATE.
std::string deflated(const std::string& text) {
  zip_error_t error;
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(target);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  const zip_int64_t index =
      zip_file_add(archive, "config.json", zip_source_buffer(archive, text.data(), text.size(), 0), 0);
  zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, 9);
  zip_close(archive);
  zip_source_open(target);
  zip_stat_t stat;
  zip_source_stat(target, &stat);
  std::string bytes(stat.size, '\0');
  zip_source_read(target, bytes.data(), bytes.size());
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

TEST(Archive, UnpacksCompressedMembers) {
  const std::string text(20'000, 'a');
  const std::string bytes = deflated(text);
  EXPECT_LT(bytes.size(), 1000u);
  EXPECT_EQ(ArchiveReader(bytes, "m").read("config.json"), text);
}

TEST(Archive, RefusesBombs) {
  const std::string bytes = deflated(std::string(std::size_t{32} << 20, '\0'));
  EXPECT_LT(bytes.size(), 64'000u);
  EXPECT_THROW(ArchiveReader(bytes, "m").read("config.json"), Error);
}

TEST(Archive, EveryDamageIsAnErrorOrHarmless) {
  const std::string text = content(300);
  const std::string whole = archive_bytes({{"config.json", text}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    EXPECT_THROW(ArchiveReader(cut, "m").read("config.json"), Error) << size;
  }
  for (std::size_t at = 0; at < whole.size() * 8; ++at) {
    std::string flipped = whole;
    flipped[at / 8] ^= static_cast<char>(1 << at % 8);
    try {
      EXPECT_EQ(ArchiveReader(flipped, "m").read("config.json"), text) << at;
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace evenflow::keras
