#include <zip.h>

#include "evenflow/data/test_files.h"

namespace evenflow::sources {
extern const Source npz;
namespace {

using testing::corpus_bytes;
using testing::error_of;
using testing::parse;

TEST(Npz, ReadsStoredAndDeflatedArrays) {
  for (const std::string name : {"stored.npz", "deflated.npz", "capitals.npz"}) {
    const Dataset data = parse(npz, corpus_bytes(name));
    EXPECT_EQ(data.x, Tensor({4, 2}, {0, 1, 2, 3, 4, 5, 6, 7})) << name;
    EXPECT_EQ(data.y, Tensor({4}, {0, 1, 2, 1})) << name;
    EXPECT_TRUE(data.x_test.empty());
  }
}

TEST(Npz, ReadsTrainAndTestParts) {
  const Dataset data = parse(npz, corpus_bytes("parts.npz"));
  EXPECT_EQ(data.x.shape(), Shape({4, 2}));
  EXPECT_EQ(data.x_test, Tensor({2, 2}, {100, 101, 102, 103}));
  EXPECT_EQ(data.y_test, Tensor({2}, {0, 1}));
}

TEST(Npz, SequencesOfDifferentLengthsAreFilledUp) {
  const Dataset data = parse(npz, corpus_bytes("ragged.npz"));
  EXPECT_EQ(data.x, Tensor({4, 3}, {1, 2, 3, 0, 0, 0, 4, 5, 0, 6, 0, 0}));
  EXPECT_EQ(data.y.count(), 4);
  EXPECT_TRUE(data.padded);
  const std::string message = error_of(ErrorKind::input, [] { parse(npz, corpus_bytes("unsplit.npz")); });
  EXPECT_NE(message.find("x_values and x_row_splits"), std::string::npos) << message;
}

// 120,000 zeros, which deflate packs a hundredfold and more: longer than the reader's buffer, within the ratio.
TEST(Npz, ReadsArraysLongerThanItsBuffer) {
  const Dataset data = parse(npz, corpus_bytes("zeros.npz"));
  EXPECT_EQ(data.x, Tensor({300, 400}));
}

TEST(Npz, NamesTheArraysThatItFindsInstead) {
  const std::string message = error_of(ErrorKind::input, [] { parse(npz, corpus_bytes("nameless.npz")); });
  EXPECT_NE(message.find("arr_0, arr_1"), std::string::npos) << message;
}

TEST(Npz, RefusesPicklesAndNamesTheArray) {
  const std::string message = error_of(ErrorKind::unsupported, [] { parse(npz, corpus_bytes("pickled.npz")); });
  EXPECT_NE(message.find("array 'x'"), std::string::npos) << message;
  EXPECT_NE(message.find("pickle"), std::string::npos) << message;
}

// Puts a little-endian number into every ZIP header at `local` or `central` bytes from its signature.
std::string with_field(std::string bytes, std::size_t local, std::size_t central, std::uint32_t value, int width) {
  for (const auto& [signature, offset] :
       {std::pair<std::string, std::size_t>{"PK\x03\x04", local}, {"PK\x01\x02", central}}) {
    for (std::size_t at = bytes.find(signature); at != std::string::npos; at = bytes.find(signature, at + 4)) {
      for (int i = 0; i < width; ++i)
        bytes[at + offset + static_cast<std::size_t>(i)] = static_cast<char>(value >> 8 * i);
    }
  }
  return bytes;
}

TEST(Npz, ClaimsThatTheBytesDoNotJustifyAreErrors) {
  const std::string bytes = corpus_bytes("deflated.npz");
  const std::string message =
      error_of(ErrorKind::input, [&] { parse(npz, with_field(bytes, 22, 24, 0xfffffff0u, 4)); });
  EXPECT_NE(message.find("can hold"), std::string::npos) << message;
  error_of(ErrorKind::input, [&] { parse(npz, with_field(bytes, 22, 24, 5000, 4)); });  // a wrong size within the ratio
  error_of(ErrorKind::input, [&] { parse(npz, with_field(bytes, 18, 20, 0xfffffff0u, 4)); });
}

TEST(Npz, OtherPackingsAreUnsupported) {
  const std::string message =
      error_of(ErrorKind::unsupported, [] { parse(npz, with_field(corpus_bytes("deflated.npz"), 8, 10, 12, 2)); });
  EXPECT_NE(message.find("method 12"), std::string::npos) << message;
}

TEST(Npz, ChecksumsAreChecked) {
  std::string bytes = corpus_bytes("stored.npz");
  const std::size_t element = bytes.find("\n", bytes.find("'shape'")) + 1;
  bytes[element] = static_cast<char>(bytes[element] ^ 1);
  const std::string message = error_of(ErrorKind::input, [&] { parse(npz, bytes); });
  EXPECT_NE(message.find("CRC"), std::string::npos) << message;
}

TEST(Npz, SurvivesDamage) {
  for (const std::string name : {"stored.npz", "deflated.npz", "ragged.npz"}) {
    testing::expect_errors_when_cut(npz, corpus_bytes(name));
    testing::expect_sound_when_flipped(npz, corpus_bytes(name));
  }
}

}  // namespace
}  // namespace evenflow::sources
